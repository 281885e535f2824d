export { stepUp, type StepUp, type StepUpContext, type StepUpDemand, type StepUpHandler, type StepUpOptions } from '../step-up.js'
export { refreshWithClaims, type ClaimsOptions } from './refresh-with-claims.js'
