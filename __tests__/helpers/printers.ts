import assert from 'node:assert'
import { Writable } from 'node:stream'
import { inspect } from 'node:util'
import { expect } from '@jest/globals'
import { pino } from 'pino'
import winston from 'winston'

/** As Sentry's `normalize` reads a value: `toJSON` where there is one, else own enumerable members, getters included. */
function normalized(value: unknown, withToJSON: boolean, depth = 20, seen = new WeakSet()): unknown {
  if (typeof value !== 'object' || value === null || depth === 0) return typeof value === 'function' ? '[function]' : value
  if (seen.has(value)) return '[circular]'
  seen.add(value)
  const { toJSON } = value as { toJSON?: unknown }
  if (withToJSON && typeof toJSON === 'function') return normalized(toJSON.call(value), withToJSON, depth - 1, seen)
  const own = value instanceof Error ? Object.assign(pick(value), value) : value
  return Object.fromEntries(Object.entries(own).map(([key, member]) => [key, normalized(member, withToJSON, depth - 1, seen)]))
}

const pick = ({ message, name, stack }: Error): object => ({ message, name, stack })

function failureOf(check: () => unknown): string {
  try {
    check()
    return ''
  } catch (error) {
    return String((error as Error).message)
  }
}

function withPino(value: unknown): string {
  const lines: string[] = []
  const logger = pino({}, { write: (line: string) => void lines.push(line) })
  logger.error(value)
  logger.error({ err: value, error: value, details: { error: value } }, 'failed')
  return lines.join('\n')
}

function withWinston(value: unknown, format: winston.Logform.Format): string {
  const lines: string[] = []
  const stream = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) })
  const logger = winston.createLogger({ format, transports: [new winston.transports.Stream({ stream })] })
  logger.error(value as object)
  logger.error('failed', value)
  logger.error('failed', { error: value })
  return lines.join('\n')
}

const { errors, json, prettyPrint, combine, splat, metadata } = winston.format

/** The output of each printer for a value, by default. */
export function printed(value: unknown): Record<string, string> {
  const chain: unknown[] = []
  for (let next = value; typeof next === 'object' && next !== null && chain.length < 5; next = (next as Error).cause)
    chain.push(next)
  return {
    'JSON.stringify': String(JSON.stringify(value)),
    'JSON.stringify of the members': String(JSON.stringify({ ...(value as object) })),
    String: String(value),
    stack: chain.map((error) => String((error as Error).stack)).join('\n'),
    'util.inspect': inspect(value),
    'console.dir': inspect(value, { customInspect: false, depth: 20 }),
    'console.dir of what holds it': inspect({ value, list: [value] }, { customInspect: false, depth: 20 }),
    'util.inspect with getters': inspect(value, { customInspect: false, depth: 20, getters: true }),
    'node:assert, deepStrictEqual': failureOf(() => assert.deepStrictEqual(value, {})),
    'node:assert, strictEqual': failureOf(() => assert.strictEqual(value, undefined)),
    'node:assert, ifError': failureOf(() => assert.ifError(value)),
    'Jest, toEqual': failureOf(() => expect(value).toEqual({ made: 'up' })),
    'Jest, toBe': failureOf(() => expect({ value }).toBe(undefined)),
    'Jest, toStrictEqual': failureOf(() => expect([value]).toStrictEqual([new Error('made up', { cause: value })])),
    pino: withPino(value),
    'winston as JSON': withWinston(value, json()),
    'winston, errors format': withWinston(value, combine(errors({ stack: true, cause: true }), splat(), metadata(), json())),
    'winston, pretty': withWinston(value, prettyPrint({ depth: 20 })),
    'Sentry, normalize': String(JSON.stringify(normalized(value, true))),
    'Sentry, members of an error': String(JSON.stringify(chain.map((error) => normalized(error, false)))),
  }
}
