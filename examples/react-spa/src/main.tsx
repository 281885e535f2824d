import { QueryClientProvider } from '@tanstack/react-query'
import { OAuthProvider } from 'axios-attach-oauth/react'
import { StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App'
import { session } from './auth'
import { showDevtools } from './devtools'
import { queries } from './queries'
import './styles.css'

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <OAuthProvider session={session}>
      <QueryClientProvider client={queries}>
        <Suspense fallback={<p className="centre">Signing in …</p>}>
          <App />
        </Suspense>
      </QueryClientProvider>
    </OAuthProvider>
  </StrictMode>,
)
showDevtools(session)
