/** What a query gives. */
export interface PostgresResult {
  readonly rows: Record<string, unknown>[]
}

/** What the store needs of a connection that a pool has given out. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<PostgresResult>
  release(destroy?: boolean): void
  on(event: string, listener: (...args: never[]) => void): unknown
  ref?(): unknown
  unref?(): unknown
}

/** What the store needs of a `Pool` of the package `pg` (8). */
export interface PostgresPool {
  query(text: string, values?: unknown[]): Promise<PostgresResult>
  connect(): Promise<PostgresClient>
  readonly options?: { readonly max?: number | undefined }
  readonly ending?: boolean
}

/** One way to ask, whether of a pool or of a connection. */
export type Query = (text: string, values?: unknown[]) => Promise<PostgresResult>
