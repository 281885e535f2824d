import { parseArgs } from 'node:util'

const help = `Usage
  npm run demo
      Signs in, refreshes and recovers on real servers that the demo starts on this machine.

  npm run demo -- --token-file F --api-url U --token-endpoint T --client-id C [--client-secret-env NAME]
      One GET to your own API with your own token file: the token is refreshed if it has expired, and the file is updated.

Options
  --token-file F         a JSON file with access_token and refresh_token; it is replaced when the token is refreshed
  --api-url U            what to GET, such as https://api.example.com/me; the token goes to this origin only
  --token-endpoint T     where the refresh token goes, such as https://login.example.com/token
  --client-id C          the client identifier
  --client-secret-env N  the environment variable that holds the client secret; without it the client is a public one
  --provoke-reuse        in the first form: sends a used refresh token once more at the end; the demo detects the reuse and fails
  --help                 this text

The exit code is 0 on success, 1 on failure, 2 when the arguments are wrong. No token and no secret is printed.`

const required = ['token-file', 'api-url', 'token-endpoint', 'client-id']

export interface OwnAPI {
  tokenFile: string
  apiUrl: URL
  tokenEndpoint: string
  clientId: string
  clientSecret: string | undefined
}
/** What to do; `exitCode` when the answer is printed already. */
export type Arguments = { exitCode: number } | { own: OwnAPI } | { provokeReuse: boolean }

/** Reads the command line. */
export function readArguments(argv: string[]): Arguments {
  let values: Record<string, string | boolean | undefined>
  try {
    ;({ values } = parseArgs({
      args: argv,
      options: {
        ...Object.fromEntries([...required, 'client-secret-env'].map((name) => [name, { type: 'string' } as const])),
        'provoke-reuse': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }))
  } catch (error) {
    return complain((error as Error).message)
  }
  if (values.help) {
    console.log(help)
    return { exitCode: 0 }
  }
  const given = required.filter((name) => values[name] !== undefined)
  if (given.length === 0 && values['client-secret-env'] === undefined) return { provokeReuse: values['provoke-reuse'] === true }
  const missing = required.filter((name) => values[name] === undefined)
  if (missing.length > 0) return complain(`--${missing.join(', --')} missing`)
  for (const name of ['api-url', 'token-endpoint'])
    if (!URL.canParse(String(values[name]))) return complain(`--${name} must be an absolute URL`)
  const variable = values['client-secret-env'] as string | undefined
  if (variable !== undefined && !process.env[variable]) return complain(`the environment variable ${variable} is empty`)
  return {
    own: {
      tokenFile: String(values['token-file']),
      apiUrl: new URL(String(values['api-url'])),
      tokenEndpoint: String(values['token-endpoint']),
      clientId: String(values['client-id']),
      clientSecret: variable === undefined ? undefined : process.env[variable],
    },
  }
}

function complain(message: string): { exitCode: number } {
  console.error(`${message}\nTry: npm run demo -- --help`)
  return { exitCode: 2 }
}
