// Code patterns match the last part of a code, in lower case, without separators. Text patterns match a text without names.
// The parts of a long pattern are strings, which the build joins.

export const overloadCode =
  /ratelimit|toomany|throttl|^slowdown|(temporarily|service|^)unavailable|servererror$|proxyauth|exhausted|(limit|quota)exceeded|conflict/
export const overloadText = new RegExp(
  'too many (request|attempt|call)|rate.?limit|throttl|(limit|quota) (reached|exceeded)|' +
    // An outage, of the server or of a part behind it.
    'temporarily|service (is )?unavailable|maintenance|again later|\\bbusy\\b|overloaded|' +
    'jwks|deadline exceeded|timed out (while|during)|' +
    // Another refresh with the same token.
    'being used|(currently|already) in use|concurrent (request|refresh|use)|' +
    // An intermediary.
    'request (\\w+ ){0,2}blocked|blocked (\\w+ )?request|firewall|security policy',
  'i',
)

export const endedCode = /^(invalidgrant|(bad|invalid)refreshtoken)(exception|error)?$/
/** An ended session as reported in a sentence, in XML, or in JSON that could not be parsed. */
export const endedText = /\b(invalid[ _-]grant(?!.?type)|(bad|invalid)_refresh_token)\b/i

const subject = '((user|refresh)?(token|jwt)|(user|auth)?session|user|account|consent)'
const badState =
  '(expired|notvalid|revoked|notfound|invalid(ated)?|missing|unauthenticated|(already|re)used|' +
  'disabled|deactivated|deleted|suspended|banned|inactive|\\w*locked)'
/** Other codes that ask for a new sign-in. */
const signInAgain =
  '(interaction|(item|user)?(login|signin)|passwordreset|consent|accountselection|\\w*auth\\w*|mfa)required|' +
  'refreshtokentimed?out|password(expired|changed)|expiredsignature|invalid(code|auth|refresh)|inactiveorg|' +
  'no(tokensfound|(active)?account(found|insilentrequest)?)|(not|un)authenticated|notauthed|(credentialtooold)?loginagain'
export const probablyEndedCode = new RegExp(
  `^((err)?${subject}${badState}|(${badState}|no)${subject}|${signInAgain})(auth|id)?(exception|error)?$`,
)

export const misconfiguredCode =
  /^((invalid|unauthorized|incorrect|bad|unknown|deleted|disabled)(client|scope|target|granttype)|client(notfound|disabled)|invalidrequest|unsupported)/
/** OAuth errors, unchanged, that concern neither a token nor a session. */
export const otherError = /client|scope|request|redirect|dpop|pending|denied/

/** The end of a sentence. The next one may continue with a pronoun. */
export const sentenceEnd = /[.!?;]\s+(?!it\b)/i

/** What a sentence may call invalid, unknown or expired besides the refresh token and the session. These words are dropped. */
export const otherSubjects = new RegExp(
  '(invalid|unknown|unexpected).?(request|client|error|value|ur[il]|host)\\w*|' +
    // Other tokens and sessions.
    '\\b(access|id|csrf|xsrf|authenticity|check|security|api|unexpected|\\w*captcha|turnstile|verification|forgery|device).?token|' +
    '(quic|tls|ssl|upload).session|' +
    // Accounts of the server's own.
    '(service|database).(account|user)|' +
    // The refresh.
    '(to|not) refresh( the)? token|token.?(type|endpoint|request|response|fail|flow|lock)|token refresh\\b',
  'gi',
)
/** Words of a sentence about the request, the server's own parts, or a name in a schema or a program: the sentence is dropped. */
export const otherMatter = new RegExp(
  'missing|required|expected|empty|only one|grant.?type|client.?assertion|dpop|\\b(database|redis|connection|header|fatal|service credential\\w*)\\b|' +
    '\\b(argument|field|propert|key|object|type|relation|table|column|variable|param|function|method|route|endpoint|service|action)\\w*' +
    "(\\W{1,4}\\S{0,20}refresh[_-]?token|.{0,40}(not|n't) (found|exist))",
  'i',
)

export const deadToken = new RegExp(
  "inv.lid|expir|revoked|re-?use|used\\b|(not|n't|no longer) (valid|found|active|recogni)|no refresh.?token found|" +
    "(does not|n't) exist|no such|un(known|recogni)|inactive|incorrect|malformed|bad.?refresh|deleted|\\wlisted|" +
    // Other languages.
    'ung.ltig|abgelaufen|(no es|non .|pas|tidak) v.lid|scadut|verlopen|过期|[失无]效',
  'i',
)
/** A session or token, named without "refresh", or its owner, that is the subject of the sentence. */
export const deadSession = new RegExp(
  '\\b(token|jwt|session)(( \\w+){0,4} (is|was|has|had)( \\w+)?)? (invalid|expired|revoked|blacklisted|malformed)|' +
    '(invalid|expired|revoked) (\\w+ )?(token|jwt|session)\\b|^[\\d |]*token not found|' +
    // JWT libraries.
    '(token|jwt).{0,20}signature has expired|^\\W*signature has expired\\W*$|"exp" claim|' +
    '\\b(user|account) (is|was|has been) (disabled|deactivated|deleted|suspended|banned|inactive|b?locked)|' +
    'user.?s password has (been changed|expired)|your password expired|' +
    // gRPC and Connect.
    '(16 |\\[)unauthenticated',
  'i',
)

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
