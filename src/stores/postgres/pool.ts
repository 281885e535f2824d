/** The result of a query. */
export interface PostgresResult {
  readonly rows: Record<string, unknown>[]
}

/** Runs one statement, on a pool or on a connection. */
export type Query = (text: string, values?: unknown[]) => Promise<PostgresResult>

/** The members of a pool's connection that the store uses. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<PostgresResult>
  release(destroy?: boolean): void
  on(event: string, listener: (...args: never[]) => void): unknown
  ref?(): unknown
  unref?(): unknown
}

/** The members of a `Pool` of the package `pg` (8) that the store uses. */
export interface PostgresPool {
  query(text: string, values?: unknown[]): Promise<PostgresResult>
  connect(): Promise<PostgresClient>
  readonly options?: { readonly max?: number | undefined }
  readonly ending?: boolean
}
