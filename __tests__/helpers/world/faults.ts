/** A wait: so many milliseconds, or a promise that the test resolves. */
export type Wait = number | PromiseLike<unknown>

/** A request as a server has received it. */
export interface Received {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Where an answer breaks off: after so many bytes of it as they go over the wire, the status line and the headers included. */
export interface Cut {
  readonly at: number
  /** A reset (RST), or an end in the middle (FIN). */
  readonly by: 'reset' | 'end'
}

/** What is wrong with one answer. The members are independent of each other; what is left out is as it should be. */
export interface Fault {
  /** Waited for before the request is processed. */
  readonly before?: Wait
  /** Waited for after it was processed and before anything of the answer is sent. */
  readonly after?: Wait
  /** Answered without processing the request. */
  readonly instead?: Answer | ((request: Received) => Answer)
  /** The connection breaks in the middle of the answer. */
  readonly cut?: Cut
  /** The body comes in pieces of so many bytes; `every` is waited for between them. */
  readonly slow?: { readonly bytes: number; readonly every: Wait }
  /** The `Date` header is off by so many milliseconds, is something else, or is missing (`null`). */
  readonly date?: number | string | null
  /** The length of the body isn't announced: it comes chunked. */
  readonly chunked?: boolean
}

/** The request is processed, and nothing of the answer arrives. */
export const lost: Fault = { cut: { at: 0, by: 'reset' } }

/** The request is processed, and the connection stays open without an answer. */
export const silent: Fault = { after: new Promise(() => undefined) }

/** An answer in JSON. */
export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

export async function until(wait: Wait | undefined): Promise<void> {
  if (typeof wait === 'number') await new Promise((resolve) => setTimeout(resolve, wait))
  else await wait
}

/** Which fault each of the coming requests meets. */
export class Faults {
  #next: Fault[] = []
  #lasting: Fault | undefined

  /** For the next request that no other fault is ordered for. */
  once(fault: Fault): void {
    this.times(1, fault)
  }

  times(n: number, fault: Fault): void {
    this.#next.push(...Array.from({ length: n }, () => fault))
  }

  /** For every request that no other fault is ordered for, in place of what was ordered so before. Returns the end of it. */
  always(fault: Fault): () => void {
    this.#lasting = fault
    return () => {
      if (this.#lasting === fault) this.#lasting = undefined
    }
  }

  /** Nothing is wrong any more. */
  clear(): void {
    this.#next = []
    this.#lasting = undefined
  }

  take(): Fault {
    return this.#next.shift() ?? this.#lasting ?? {}
  }
}
