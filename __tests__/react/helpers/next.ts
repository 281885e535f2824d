import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../../scripts/servers/free-port.js'
import { tarball } from '../../helpers/packed.js'

const run = promisify(execFile)
const root = process.cwd()
const NEXT = '16.4.6'

export interface NextApp {
  readonly page: string
  stop(): Promise<void>
}

type Manifest = Record<'dependencies' | 'devDependencies', Record<string, string>>

/** The versions of this repository, exactly; the package from its tarball. */
async function pinned(manifest: Manifest): Promise<Manifest> {
  const versionOf = async (name: string): Promise<string> => {
    if (name === 'next') return NEXT
    if (name === 'axios-attach-oauth') return 'file:package.tgz'
    return (JSON.parse(await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }).version
  }
  const pin = async (group: Record<string, string>): Promise<Record<string, string>> =>
    Object.fromEntries(await Promise.all(Object.keys(group).map(async (name) => [name, await versionOf(name)] as const)))
  return { ...manifest, dependencies: await pin(manifest.dependencies), devDependencies: await pin(manifest.devDependencies) }
}

/** Installs examples/next in an empty folder, with a page that hydrates, builds it and starts it. */
export async function startNext({ issuer, apiUrl }: { issuer: string; apiUrl: string }): Promise<NextApp> {
  const directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-next-'))
  await cp(join(root, 'examples/next'), directory, {
    recursive: true,
    filter: (path) => !/node_modules|\.next/.test(path.slice(root.length)),
  })
  await cp(join(root, '__tests__/react/helpers/next-hydration'), join(directory, 'app/hydration'), { recursive: true })
  await copyFile(tarball, join(directory, 'package.tgz'))
  const manifest = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Manifest
  await writeFile(join(directory, 'package.json'), JSON.stringify(await pinned(manifest)))

  const port = await freePort()
  const page = `http://127.0.0.1:${port}`
  const env = {
    ...process.env,
    NODE_ENV: 'production' as const,
    NEXT_TELEMETRY_DISABLED: '1',
    NEXT_PUBLIC_API_URL: apiUrl,
    APP_URL: page,
    API_URL: apiUrl,
    ISSUER: issuer,
    CLIENT_ID: 'public',
    COOKIE_SECRET: 'made-up-secret-of-the-example-for-next',
  }
  const npm = ['install', '--include=dev', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund']
  await run('npm', npm, { cwd: directory, env })
  const program = join(directory, 'node_modules/next/dist/bin/next')
  await run(process.execPath, [program, 'build'], { cwd: directory, env })
  const server = spawn(process.execPath, [program, 'start', '--hostname', '127.0.0.1', '--port', String(port)], {
    cwd: directory,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += String(chunk)
      if (output.includes('Ready')) resolve()
    }
    server.stdout.on('data', read)
    server.stderr.on('data', read)
    server.once('exit', (code) => reject(new Error(`next start ended with ${code}: ${output}`)))
  })
  return {
    page,
    async stop() {
      const ended = once(server, 'exit')
      server.kill()
      await ended
      await rm(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
