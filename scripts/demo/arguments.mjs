import { parseArgs } from 'node:util'

const help = `Usage
  npm run demo
      The main job on real servers that the demo starts on this machine.

  npm run demo -- --token-file F --api-url U --token-endpoint T --client-id C [--client-secret-env NAME]
      The same with your own token file and API: one GET, recovered if the token has expired, the file kept up to date.

Options
  --token-file F         a JSON file with access_token and refresh_token; it is replaced when the token is refreshed
  --api-url U            what to GET, such as https://api.example.com/me; the token goes to this origin only
  --token-endpoint T     where the refresh token goes, such as https://login.example.com/token
  --client-id C          the client identifier
  --client-secret-env N  the environment variable that holds the client secret; without it the client is a public one
  --provoke-reuse        in the first form: replays a spent refresh token at the end, to see the demo notice it and fail
  --help                 this text

The exit code is 0 when all went well, 1 when it did not, 2 when the arguments are wrong. No token and no secret is ever printed.`

const required = ['token-file', 'api-url', 'token-endpoint', 'client-id']

/** Reads the command line; an `exitCode` means that everything has been said. */
export function readArguments(argv) {
  let values
  try {
    ;({ values } = parseArgs({
      args: argv,
      options: {
        ...Object.fromEntries([...required, 'client-secret-env'].map((name) => [name, { type: 'string' }])),
        'provoke-reuse': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }))
  } catch (error) {
    return complain(error.message)
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
    if (!URL.canParse(values[name])) return complain(`--${name} must be an absolute URL`)
  const variable = values['client-secret-env']
  if (variable !== undefined && !process.env[variable]) return complain(`the environment variable ${variable} is empty`)
  return {
    own: {
      tokenFile: values['token-file'],
      apiUrl: new URL(values['api-url']),
      tokenEndpoint: values['token-endpoint'],
      clientId: values['client-id'],
      clientSecret: variable === undefined ? undefined : process.env[variable],
    },
  }
}

function complain(message) {
  console.error(`${message}\nTry: npm run demo -- --help`)
  return { exitCode: 2 }
}
