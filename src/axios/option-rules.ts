import { aFunction, atLeast, checkedElsewhere, duration, flag, isFunction, resultOf, type OptionRule } from '../check-options.js'
import { defaultPolicy, type PolicySettings } from '../policy.js'
import { isObject } from '../tokens/members.js'
import { headerRule } from './credential.js'

export const groups = Object.keys(defaultPolicy) as (keyof PolicySettings)[]

const group: OptionRule = ['an object of numbers', isObject]

export const sessionRules = {
  name: ['a string', (value) => typeof value === 'string'],
  refresh: ['a function (tokens, context) → token response, or false', (value) => value === false || isFunction(value)],
  revoke: aFunction,
  classify: aFunction,
  refreshTimeout: duration,
  storeTimeout: duration,
  lockTimeout: duration,
  strictSaving: flag,
  rejectSignedOut: flag,
  refreshWhenUnwritable: flag,
  refreshWindow: group,
  blockingWindow: group,
  retry: group,
  cooldown: group,
  refreshLimit: group,
} satisfies Record<string, OptionRule>

export const attachRules = {
  ...sessionRules,
  stepUp: resultOf('stepUp'),
  keepAlive: resultOf('keepAlive'),
  header: headerRule,
  isExpired: [
    'a list of statuses, or a function (response) → boolean',
    (value) => isFunction(value) || (Array.isArray(value) && value.every(Number.isInteger)),
  ],
  beforeResend: aFunction,
  origins: checkedElsewhere,
  dangerouslyAllowInsecureHttp: flag,
} satisfies Record<string, OptionRule>

const fraction: OptionRule = ['a number from 0 to 1', (value) => typeof value === 'number' && value >= 0 && value <= 1]

/** Options of other packages that mean `isExpired`. */
export const foreign = ['shouldRefresh', 'statusCodes', 'shouldIntercept'] as const

/** The rules of the numbers in an object option. */
export const numberRules = (defaults: object): Record<string, OptionRule> =>
  Object.fromEntries(
    Object.keys(defaults).map((name) => [name, name === 'fraction' ? fraction : atLeast(/count|limit/.test(name) ? 1 : 0)]),
  )
