/**
 * Token sets in the memory of the primary process, which its workers ask for by message: what a database does for processes on many machines. A worker
 * that ends gives back the locks that it has.
 */
import type { Worker } from 'node:cluster'
import type { TokenJSON, TokenStore, WriteContext } from 'axios-attach-oauth'
import { recordStore, type Database } from '../own-store/record-store.js'

interface Question {
  readonly id: number
  readonly key: string
  readonly what: 'read' | 'write' | 'lock' | 'leave'
  readonly tokens?: TokenJSON | undefined
  readonly context?: WriteContext
}

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** In the primary process: answers what a worker asks. */
export function serveRecords(worker: Worker, database: Database): void {
  const leaving = new Map<number, () => void>()
  worker.once('exit', () => leaving.forEach((leave) => leave()))

  /** Resolves when the worker has the lock; gives it back when the worker leaves, which it may do while it waits. */
  function lock({ id, key }: Question): Promise<void> {
    const waiting = new AbortController()
    return new Promise<void>((taken, refused) => {
      const left = new Promise<void>((leave) => {
        leaving.set(id, () => (leave(), waiting.abort(new Error('left')), leaving.delete(id)))
      })
      const { lock } = recordStore(database, key)
      lock?.(async () => (taken(), left), waiting.signal).catch(refused)
    })
  }

  async function answer(question: Question): Promise<unknown> {
    const { id, key, what, tokens, context } = question
    const store = recordStore(database, key)
    if (what === 'read') return store.read()
    if (what === 'write' && context) return store.write(tokens, context)
    if (what === 'lock') return lock(question)
    return leaving.get(id)?.()
  }

  worker.on('message', (question: Question) => {
    const send = (outcome: Omit<Answer, 'id'>): void => {
      if (question.what !== 'leave' && worker.isConnected()) worker.send({ id: question.id, ...outcome })
    }
    answer(question).then(
      (value) => send({ value }),
      (error: unknown) => send({ error: String(error) }),
    )
  })
}

let lastId = 0
const asked = new Map<number, (answer: Answer) => void>()

/** In a worker: the store of one record. */
export function sharedRecord(key: string): TokenStore {
  if (process.listenerCount('message', hear) === 0) process.on('message', hear)

  function ask(what: Question['what'], more: Partial<Question> = {}, id = ++lastId): Promise<unknown> {
    return new Promise((resolve, reject) => {
      asked.set(id, ({ value, error }) => (error === undefined ? resolve(value) : reject(new Error(error))))
      process.send?.({ id, key, what, ...more })
    })
  }

  return {
    name: `record ${key}`,
    read: () => ask('read') as Promise<TokenJSON | null>,
    write: (tokens, context) => ask('write', { tokens, context }),
    async lock(run, signal) {
      signal.throwIfAborted()
      const id = ++lastId
      const leave = (): void => void process.send?.({ id, key, what: 'leave' })
      try {
        await new Promise<unknown>((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          ask('lock', {}, id).then(resolve, reject)
        })
        return await run()
      } finally {
        leave()
      }
    },
  }
}

function hear(answer: Answer): void {
  asked.get(answer.id)?.(answer)
  asked.delete(answer.id)
}
