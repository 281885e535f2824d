import DefaultTheme from 'vitepress/theme-without-fonts'
import type { Theme } from 'vitepress'
import { nextTick } from 'vue'
import './style.css'

const theme: Theme = {
  extends: DefaultTheme,
  enhanceApp({ router }) {
    // Custom elements exist in a browser only.
    if (import.meta.env.SSR) return
    void import('./picture/element.js').then(({ definePicture }) => definePicture())
    // The home page of the theme has no main landmark.
    router.onAfterRouteChange = async () => {
      await nextTick()
      const content = document.getElementById('VPContent')
      if (document.querySelector('main')) content?.removeAttribute('role')
      else content?.setAttribute('role', 'main')
    }
  },
}

export default theme
