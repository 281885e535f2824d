import { describeCuts } from './cuts.cases.js'

describeCuts(7)
