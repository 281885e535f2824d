import type { DefaultTheme } from 'vitepress'

export const navigation: DefaultTheme.NavItem[] = [
  { text: 'Start', link: '/start' },
  { text: 'How it works', link: '/how-it-works' },
  { text: 'Recipes', link: '/recipes/' },
  { text: 'Migration', link: '/migration/' },
  { text: 'Reference', link: '/reference' },
]

const items = (links: Readonly<Record<string, string>>): DefaultTheme.SidebarItem[] =>
  Object.entries(links).map(([text, link]) => ({ text, link }))

const groups = {
  guide: {
    text: 'Guide',
    items: items({
      Start: '/start',
      'How it works': '/how-it-works',
      'Which storage': '/storage',
      Errors: '/errors',
      Guarantees: '/guarantees',
      'Threat model': '/security',
      Limits: '/limits',
      Benchmark: '/benchmark',
    }),
  },
  recipes: {
    text: 'Recipes',
    items: items({
      'All recipes': '/recipes/',
      'Plain React': '/recipes/react',
      'TanStack Query': '/recipes/tanstack-query',
      SWR: '/recipes/swr',
      'RTK Query': '/recipes/rtk-query',
      Vue: '/recipes/vue',
      'Next.js': '/recipes/next',
      'React Native': '/recipes/react-native',
      'Hot reload': '/recipes/hot-reload',
      'WebSocket and EventSource': '/recipes/websocket',
      GraphQL: '/recipes/graphql',
      Uploads: '/recipes/uploads',
      'Request signing': '/recipes/signing',
      'Beside an identity SDK': '/recipes/identity-sdks',
      'Testing your app': '/recipes/testing',
      'Backend for frontend': '/recipes/backend-for-frontend',
      'Many users in one server': '/recipes/many-users',
      'Express and Fastify': '/recipes/express',
      'Many replicas, one token': '/recipes/replicas',
      'A tenant for each request': '/recipes/tenants',
      'Command line': '/recipes/cli',
      'AWS Lambda': '/recipes/lambda',
      'Shutdown and readiness': '/recipes/shutdown',
      'Circuit breaker': '/recipes/circuit-breaker',
      Observability: '/recipes/observability',
    }),
  },
  migration: {
    text: 'Migration',
    items: items({
      Overview: '/migration/',
      'isRefreshing and failedQueue': '/migration/failed-queue',
      'axios-auth-refresh': '/migration/axios-auth-refresh',
      'axios-jwt': '/migration/axios-jwt',
      'axios-token-interceptor': '/migration/axios-token-interceptor',
      alova: '/migration/alova',
      '@badgateway/oauth2-client': '/migration/badgateway-oauth2-client',
    }),
  },
  stores: {
    text: 'Stores',
    items: items({
      Browser: '/stores/web',
      'HttpOnly cookies': '/stores/cookies',
      File: '/stores/file',
      Redis: '/stores/redis',
      PostgreSQL: '/stores/postgres',
      'Your own': '/writing-a-store',
    }),
  },
  reference: {
    text: 'Reference',
    items: items({
      Tables: '/reference',
      Grants: '/grants',
      fetch: '/fetch',
      'Step-up': '/step-up',
      'Testing an application': '/testing',
      API: '/api/',
    }),
  },
} satisfies Record<string, DefaultTheme.SidebarItem>

const { guide, recipes, migration, stores, reference } = groups
const others = {
  text: 'More',
  items: items({ Guide: '/start', Recipes: '/recipes/', Migration: '/migration/', Reference: '/reference' }),
}

/** The sidebar by the beginning of the path. */
export const sidebar: DefaultTheme.SidebarMulti = {
  '/': [guide, stores, reference, others],
  '/recipes/': [recipes, others],
  '/migration/': [migration, others],
}
