/** A stretch of time in the life of a request. Times are milliseconds since the start of the run. */
export interface Span {
  readonly kind: 'sent' | 'waiting' | 'resent'
  readonly from: number
  to?: number
  /** The HTTP status that ended it. */
  status?: number
}

/** A request as the picture shows it. */
export interface Row {
  readonly tab: number
  readonly spans: Span[]
  readonly lines: { readonly at: number; readonly text: string }[]
  outcome?: 'answered' | 'failed'
}

/** A request to the token endpoint. */
export interface TokenCall {
  readonly tab: number
  readonly from: number
  to?: number
  status?: number
}

/** What happened in one run. */
export class Journal {
  readonly rows: readonly Row[]
  readonly calls: TokenCall[] = []
  readonly #startedAt: number
  /** Refresh tokens that the token endpoint received twice. */
  reused = 0
  adopted = 0

  constructor(tabs: readonly number[], startedAt: number) {
    this.#startedAt = startedAt
    this.rows = tabs.map((tab) => ({ tab, spans: [], lines: [] }))
  }

  /** Milliseconds since the start. */
  get now(): number {
    return performance.now() - this.#startedAt
  }

  note(index: number, text: string): void {
    this.rows[index]?.lines.push({ at: this.now, text })
  }

  begin(index: number, kind: Span['kind']): Span {
    const span: Span = { kind, from: this.now }
    this.rows[index]?.spans.push(span)
    return span
  }

  end(index: number, kind: Span['kind'], status?: number): void {
    const span = this.rows[index]?.spans.findLast((candidate) => candidate.kind === kind && candidate.to === undefined)
    if (!span) return
    span.to = this.now
    if (status !== undefined) span.status = status
  }

  /** The counts under the picture. */
  get counts(): { tokenRequests: number; rejected: number; waited: number; resent: number; answered: number; failed: number } {
    const having = (test: (row: Row) => boolean): number => this.rows.filter(test).length
    return {
      tokenRequests: this.calls.length,
      rejected: having(({ spans }) => spans.some(({ status }) => status === 401)),
      waited: having(({ spans }) => spans.some(({ kind }) => kind === 'waiting')),
      resent: having(({ spans }) => spans.some(({ kind }) => kind === 'resent')),
      answered: having(({ outcome }) => outcome === 'answered'),
      failed: having(({ outcome }) => outcome === 'failed'),
    }
  }
}
