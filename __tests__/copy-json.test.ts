import { copyJSON } from '../src/copy-json.js'

describe('a copy of JSON', () => {
  it('has equal content and no object in common with the original', () => {
    const original = { a: [{ b: 1 }, null, 'text'], c: { d: { e: true } } }
    const copy = copyJSON(original)
    expect(copy).toEqual(original)
    expect([copy === original, copy.a === original.a, copy.a[0] === original.a[0], copy.c.d === original.c.d]).toEqual(
      Array(4).fill(false),
    )
  })

  it.each([null, undefined, 5, 'text', true])('of %p is the value itself', (value) => {
    expect(copyJSON(value)).toBe(value)
  })

  it('of an object without a prototype is a copy too', () => {
    const original = Object.assign(Object.create(null) as { a: object }, { a: {} })
    const copy = copyJSON(original)
    expect([copy === original, copy.a === original.a, { ...copy }]).toEqual([false, false, { a: {} }])
  })

  it('leaves what is no JSON as it is', () => {
    const values = [new Date(0), () => undefined, new Map(), new URL('https://example.com')]
    const copy = copyJSON({ values }).values
    expect(copy.every((value, i) => value === values[i])).toBe(true)
  })
})
