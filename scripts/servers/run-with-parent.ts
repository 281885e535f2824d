import { spawn } from 'node:child_process'

/** Ends the process `pid` when this one has gone, however it died: then its end of a pipe closes. Returns the undo. */
export function endsWithThisProcess(pid: number, signal: string): () => void {
  const watcher = spawn('sh', ['-c', `trap '' INT TERM; cat > /dev/null; kill -${signal} ${pid} 2> /dev/null`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.on('error', () => undefined)
  watcher.unref()
  ;(watcher.stdin as { unref?: () => void }).unref?.()
  return () => void watcher.kill('SIGKILL')
}
