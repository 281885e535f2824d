import { join } from 'node:path'
import ts from 'typescript'
import { compilerOptions } from './types.js'

/** Compiles files that exist in memory only, in the root of the project. Resolves imports as the project does. Returns the errors of each file. */
export function compile(sources: Readonly<Record<string, string>>, declarations: string): Record<string, string[]> {
  const at = (name: string): string => join(process.cwd(), name)
  const texts = new Map(Object.entries(sources).map(([name, text]) => [at(name), text]))
  texts.set(at('names.d.ts'), declarations)
  const options: ts.CompilerOptions = { ...compilerOptions(), noUnusedLocals: false, noUnusedParameters: false }
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.getSourceFile = (path, target, ...rest) => {
    const text = texts.get(path)
    return text === undefined ? getSourceFile(path, target, ...rest) : ts.createSourceFile(path, text, target)
  }
  host.fileExists = (path) => texts.has(path) || fileExists(path)
  host.readFile = (path) => texts.get(path) ?? readFile(path)
  const program = ts.createProgram([...texts.keys()], options, host)
  return Object.fromEntries(
    [...Object.keys(sources), 'names.d.ts'].map((name) => {
      const file = program.getSourceFile(at(name))
      const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
      return [name, found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))]
    }),
  )
}

const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (
  ...names: string[]
) => (...values: unknown[]) => Promise<Record<string, unknown>>

/** Runs an example with the given modules and globals. Resolves with the constants that `results` names. */
export async function run(
  code: string,
  modules: Readonly<Record<string, object>>,
  globals: Readonly<Record<string, unknown>>,
  results: readonly string[],
): Promise<Record<string, unknown>> {
  const plain = code.replace(/^export (?=const)/gm, '')
  const options = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true }
  const { outputText } = ts.transpileModule(`${plain}\nexport {}`, { compilerOptions: options })
  const load = (name: string): object => {
    const found = modules[name]
    if (!found) throw new Error(`the example imports ${name}`)
    return { ...found, __esModule: true }
  }
  const body = `${outputText}\nreturn { ${results.join(', ')} }`
  return new AsyncFunction('require', 'exports', ...Object.keys(globals), body)(load, {}, ...Object.values(globals))
}
