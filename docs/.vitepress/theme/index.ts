import DefaultTheme from 'vitepress/theme-without-fonts'
import type { Theme } from 'vitepress'
import './style.css'

const theme: Theme = {
  extends: DefaultTheme,
  enhanceApp() {
    // Custom elements exist in a browser only.
    if (!import.meta.env.SSR) void import('./picture/element.js').then(({ definePicture }) => definePicture())
  },
}

export default theme
