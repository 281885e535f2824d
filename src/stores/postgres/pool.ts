/** The result of a query. */
export interface PostgresResult {
  readonly rows: Record<string, unknown>[]
}

/** Runs one statement, on a pool or on a connection. */
export type Query = (text: string, values?: unknown[]) => Promise<PostgresResult>

/** The members that the store uses of a connection that a pool has handed out. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<PostgresResult>
  release(destroy?: boolean): void
  on(event: string, listener: (...args: never[]) => void): unknown
  ref?(): unknown
  unref?(): unknown
}

/** The members that the store uses of a `Pool` of the package `pg` (8). */
export interface PostgresPool {
  query(text: string, values?: unknown[]): Promise<PostgresResult>
  connect(): Promise<PostgresClient>
  readonly options?: { readonly max?: number | undefined }
  readonly ending?: boolean
}
