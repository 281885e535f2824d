import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** The source of each entry, by its name in the package. */
export const entries = JSON.parse(readFileSync('scripts/package/entries.json', 'utf8')) as Record<string, string>

/** The compiler options of the project, for code that imports the package by its name. */
export function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => readFileSync(path, 'utf8')) as { config: unknown }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd())
  return options
}

/** A property of a type. */
export interface Member {
  readonly name: string
  /** The names of the properties of its type. */
  readonly members: readonly string[]
  /** Its doc comment. */
  readonly doc: string
}

/** Reads the exported types and values of the package. */
export class PublicTypes {
  readonly #program = ts.createProgram(Object.values(entries), compilerOptions())
  readonly #checker = this.#program.getTypeChecker()

  #exportsOf(entry: string): ts.Symbol[] {
    const file = this.#program.getSourceFile(entries[entry] ?? '')
    const symbol = file && this.#checker.getSymbolAtLocation(file)
    if (!symbol) throw new Error(`no entry ${entry}`)
    return this.#checker.getExportsOfModule(symbol)
  }

  #typeOf(name: string, entry: string): ts.Type {
    const found = this.#exportsOf(entry).find((symbol) => symbol.name === name)
    if (!found) throw new Error(`no type ${name}`)
    const symbol = found.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(found) : found
    return this.#checker.getDeclaredTypeOfSymbol(symbol)
  }

  #propertiesOf(type: ts.Type): string[] {
    return type.getProperties().map(({ name }) => name)
  }

  /** The names of the values, not the types, that an entry exports. */
  values(entry: string): string[] {
    return this.#exportsOf(entry)
      .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol))
      .filter(({ flags }) => flags & ts.SymbolFlags.Value)
      .map(({ name }) => name)
  }

  /** The properties of an exported interface whose names are not symbols. */
  members(name: string, entry = 'index'): Member[] {
    return this.#typeOf(name, entry)
      .getProperties()
      .filter((property) => !property.name.startsWith('__'))
      .map((property) => ({
        name: property.name,
        members: this.#propertiesOf(this.#checker.getTypeOfSymbol(property)),
        doc: ts.displayPartsToString(property.getDocumentationComment(this.#checker)),
      }))
  }

  /** The texts of an exported union of texts. */
  literals(name: string, entry = 'index'): string[] {
    const type = this.#typeOf(name, entry)
    return (type.isUnion() ? type.types : [type]).map((part) => (part as ts.StringLiteralType).value)
  }

  /** The properties of each part of an exported union, by the value of the property that discriminates. */
  variants(name: string, discriminator: string): Record<string, string[]> {
    const type = this.#typeOf(name, 'index')
    const parts = type.isUnion() ? type.types : [type]
    return Object.fromEntries(
      parts.map((part) => {
        const tag = this.#checker.getTypeOfSymbol(part.getProperty(discriminator)!) as ts.StringLiteralType
        return [tag.value, this.#propertiesOf(part).filter((property) => property !== discriminator)]
      }),
    )
  }
}
