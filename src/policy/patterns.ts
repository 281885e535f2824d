// Code patterns match the last part of a code, in lower case, without separators. Text patterns match a text without names.
// The parts of a long pattern are strings, which the build joins.

/** A code of the platform or of a database driver. Without an HTTP status it means that no server has answered. */
export const platformCode = /^(E(?!XP|RR|_)[A-Z_]+$|CERT_|UND_)/

/** The code of an overload, an outage or a conflict. */
export const overloadCode =
  /ratelimit|toomany|throttl|^slowdown|(temporarily|service|^)unavailable|servererror$|proxyauth|exhausted|(limit|quota)exceeded|conflict/
/** The words of an overload, an outage or a conflict. */
export const overloadText = new RegExp(
  'too many (request|attempt|call)|rate.?limit|throttl|(limit|quota) (reached|exceeded)|' +
    // An outage, of the server or of a part behind it, such as the keys of the issuer.
    'temporarily|service (is )?unavailable|timed out (while|during)|maintenance|again later|overloaded|jwk|\\bbusy\\b|' +
    // Another refresh with the same token.
    'token .{0,30}(being used|y in use)|concurrent (request|refresh|use)|' +
    // An intermediary.
    'request (\\w+ ){0,2}blocked|blocked (\\w+ )?request|firewall|by security policy',
  'i',
)
/** The token is still good: another refresh uses it, or the server refuses to renew it before it expires. */
export const stillGood = /yet valid|n.t( been| yet)?.expired|too early|being processed|jwt not active|(valid|active) yet/i

/** The code of an end that is certain. */
export const endedCode = /^(invalidgrant|(bad|invalid)refreshtoken)(exception|error)?$/
/** An ended session as reported in a sentence, in XML, or in JSON that could not be parsed. */
export const endedText = /\b(invalid[ _-]grant(?!.?type)|(bad|invalid)_refresh_token)\b/i

/** What a token, a session, a consent or a user may be when the session is over, in codes and in sentences. */
const dead =
  'rotated|expired|terminated|ended|revoked|banned|inactive|logged ?out|suspended|deleted|disabled|deactivated|mismatch'
const subject = '((token|jwt)( signature)?|session( ?cookie)?|consent|user|account)'
/** What a code may name, without separators. */
const codeSubject = `(auth|refresh|user)?${subject}`
/** What a code may say of it. */
const badState = `(${dead}|not(valid|found)|unauthenticated|missing|invalid(ated)?|(already|re)used)`
/** Other codes that ask for a new sign-in, or that name a dead token or user in words of their own. */
const signInAgain =
  '(interaction|sso|(item|user|re)?(login|signin)|accountselection|\\w*auth\\w*|passwordreset|consent|mfa)required|' +
  'expiredsignature|notauthed|inactiveorg|(credentialtooold)?loginagain|(not|un)authenticated|password(changed|expired)|' +
  'refreshexpired|refreshtokentimed?out|(user|account)b?locked|' +
  'no(tokensfound|(active)?account(found|insilentrequest)?)|invalid(code|auth|refresh)'
/** The code of an end that is inferred: a subject and its state, in either order, or one of the other codes. */
export const probablyEndedCode = new RegExp(
  `^((err)?${codeSubject}${badState}|(${badState}|no)${codeSubject}|${signInAgain})(auth|id)?(exception|error)?$`,
)

/** The code of a refusal of the client or the request. */
export const misconfiguredCode =
  /^((invalid|unauthorized|incorrect|bad|unknown|deleted|disabled)(client|scope|target|granttype)|client(notfound|disabled)|invalidrequest|unsupported)/
/** OAuth errors, unchanged, that concern neither a token nor a session. */
export const otherError = /client|scope|request|redirect|pending|denied/
/** A challenge of HTTP's own schemes, which concerns the client (RFC 6749 §5.2) or a gateway. */
export const otherScheme = /^(negotiate|basic|digest|ntlm)/i
/**
 * An answer about another credential than that of the user: one of the request, such as an API key or a CSRF token, or one of the
 * server itself, such as its account in a database.
 */
export const otherCredential =
  /client.?(id|secret|assertion)|[cx]srf|app.?check|(api|subscription).?key|(denied|failed) for user|dpop|security token|certificate.(ha|exp)|ORA-\d|request (signature|timestamp)|connect.* database/i

/** The end of a clause: of a sentence, a member or a line, or a colon or a bracket, after which another subject may begin. */
export const clauseEnd = /[.!?;:\]]\s+|\s\|\s|\n/
/** A text names the refresh token, not a "refresh token store". */
export const namesRefreshToken = /refresh.?token(?!\w| (?!is|was|has)\w)/i
/** A clause about a column, a route, a function or a parameter that is called refresh token. */
export const namesMember = /\b(method|param|key|column|function|action|table|field|route)\w*\W{1,4}\S{0,20}refresh.?token/i

/** A state that is clear without its subject. */
const plainState = `(inv.lid(?!ati)|${dead}|expir(ad|é)|malformed|stale|[a-z]*listed)`
/** Every state of a dead token, session, consent or user. A token that is not found in a header is missing, not dead. */
const state =
  `(${plainState}|(already|been|was|just) used|re-?use|incorrect|` +
  '(n.t|no longer) (be )?(exists?|recogni[sz]ed|active|valid|found)\\b(?! in .*(body|head|req|cook))|' +
  // Other languages.
  'ung.ltig|abgelaufen|(n\\S+ ..?|pas|tidak) v.lid|scadut|verlopen|过期|[失无]效)'
/** What may stand between a subject and its state. Other words make another subject, as in "refresh token store is invalid". */
const link =
  '( ?["\'(]\\S*| (used|of|provided|passed)( \\w+){0,4})?' +
  `((^|[\\W_]{1,3})(a|could|n.est|is|was|has|and|does|ha|already|been|e?st|ist|it|v?\\d+|or|${plainState}))*[\\W_]{0,3}`
/** What may stand before the subject. Other words make another subject, as in "upload session". */
const kind = `((login|or|o?auth(2|\\w*tion)?|jwt|session|user|access(.token or)?(?=\\Wrefresh)|${plainState})\\W+)*`

/** Where a subject may begin: with the clause, or after punctuation or an article. */
const start = `(^[\\W\\d]*|[^\\w\\s./'-] ?|\\b(the|this|your) )${kind}`

/** A clause that gives the state of a dead token, session, consent or user, or asks for a new sign-in. */
export const deadSession = new RegExp(
  // The subject, then its state.
  `(refresh.?token|${start}${subject})${link}${state}|${start}(user|account)${link}b?locked|no refresh.?token found|` +
    // The state, then its subject.
    `(${plainState}|no (such|active|valid)|unrecogni[sz]ed|incorrect|bad|unknown)\\W+${kind}((refresh.?)?token|jwt|session)` +
    '(?=[^\\w\\s-]|\\s*$|\\s(signature|for|in|or|\\w+ed)\\b)|' +
    // The words of JWT libraries and of user management.
    '^\\W*(signature|refresh) has expired|"exp" claim|' +
    's password has (been changed|expired)|your password expired|log ?in again|' +
    // gRPC and Connect.
    '(16 |\\[)unauthenticated',
  'i',
)
/** A clause that is nothing but a state: its subject is named elsewhere in the text. */
export const stateAlone = new RegExp(`^${link}(${plainState}|used)\\W*$`, 'i')

const word = /[^\s"'`<>()[\]{},]+/g
/** An address, a path, or a dotted name, but not two alternatives such as "access/refresh". */
const addressOrName = /^(?![a-zA-Z]+\/[a-zA-Z]+\W?$).*\/|\w\.[a-z]/

/** Leaves out addresses and names, which may hold the words of the patterns. */
export const withoutNames = (text: string): string => text.replace(word, (found) => (addressOrName.test(found) ? ' ' : found))

/** The status as applications and clients write it in a message, but no duration and no size. */
export const statusInText = new RegExp(
  '(?:\\b(?:http|status|fail\\w*|error|response|returned|got|received)(?:\\W|code|error|status|with){0,6}|' +
    '\\(|\\b(?=\\d+ unauthorized))([45]\\d\\d)\\b(?! ?(?:m?s|k?b|bytes|sec\\w*)\\b)',
  'i',
)
