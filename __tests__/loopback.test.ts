import { isLoopback } from '../src/loopback.js'

describe('this very machine', () => {
  it.each(['localhost', 'LOCALHOST', 'api.localhost', 'a.b.localhost', '127.0.0.1', '127.255.12.3', '127.1', '[::1]', '[0::1]'])(
    'is %s',
    (host) => expect(isLoopback(new URL(`http://${host}`).hostname)).toBe(true),
  )

  it.each([
    'localhost.example.com',
    'localhost.',
    'mylocalhost',
    'example.com',
    '127.0.0.1.example.com',
    'x127.0.0.1.example.com',
    '128.0.0.1',
    '10.127.0.0',
    '0.0.0.0',
    '[::]',
    '[::2]',
    '[::ffff:10.0.0.1]',
  ])('is not %s', (host) => expect(isLoopback(new URL(`http://${host}`).hostname)).toBe(false))

  it.each(['', '127.0.0', '127.0.0.1.2', '1127.0.0.1', '127.0.0.1234', '127.a.0.1', '127x0x0x1'])(
    'is not the text %j, which is no name that a URL gives',
    (name) => expect(isLoopback(name)).toBe(false),
  )
})
