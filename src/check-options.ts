/** The accepted form of an option, and its check. `undefined` is accepted for every option. */
export type OptionRule = readonly [form: string, accepts: (value: unknown) => boolean]

export const isFunction = (value: unknown): value is (...values: never) => unknown => typeof value === 'function'

export const flag: OptionRule = ['true or false', (value) => typeof value === 'boolean']

export const aFunction: OptionRule = ['a function', isFunction]

export const checkedElsewhere: OptionRule = ['', () => true]

/** A number from `least` on, which may be in a unit. */
export const atLeast = (least: number, form = `a number of at least ${least}`): OptionRule => [
  form,
  (value) => typeof value === 'number' && value >= least,
]

export const milliseconds = atLeast(0, 'a number of milliseconds')

/** The length of a timer. */
export const duration: OptionRule = [
  'a positive number of milliseconds',
  (value) => typeof value === 'number' && value > 0 && value < 2 ** 31,
]

/** The result of the function that is called as the option is. Another function, such as that function itself, has no such mark. */
export const resultOf = (name: string): OptionRule => [
  `the result of the function ${name}(…)`,
  (value) => isFunction(value) && (value as { readonly option?: unknown }).option === name,
]

/**
 * Throws a `TypeError` that names the option, with `prefix` before its name, when an option is unknown or has a wrong value, or
 * when `options` is no object.
 */
export function checkOptions(prefix: string, options: object, rules: Readonly<Record<string, OptionRule>>): void {
  if (typeof options !== 'object' || !options || Array.isArray(options))
    throw new TypeError(`${prefix.replace(/\W*$/, '')}: the options must be an object`)
  for (const [name, value] of Object.entries(options)) {
    const [form, accepts] = Object.hasOwn(rules, name) ? (rules[name] as OptionRule) : []
    if (!accepts) throw new TypeError(`${prefix}${name} is unknown; known are ${Object.keys(rules).join(', ')}`)
    if (value !== undefined && !accepts(value)) throw new TypeError(`${prefix}${name} must be ${form}`)
  }
}

/** Throws a `TypeError` when the argument is no function. */
export function requireFunction(argument: string, value: unknown): void {
  if (!isFunction(value)) throw new TypeError(`${argument} must be a function`)
}
