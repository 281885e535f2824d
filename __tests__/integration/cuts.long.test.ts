import { describeCuts } from './cuts.cases.js'

describeCuts(1)
