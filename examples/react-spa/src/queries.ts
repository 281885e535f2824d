import { QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { isOAuthError } from 'axios-attach-oauth'
import { api, session } from './auth'

export interface Sensor {
  id: number
  name: string
  celsius: number
  humidity: number
}
export interface Note {
  id: number
  author: string
  text: string
}

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // A session that has ended is not cured by asking again; a failed refresh has been retried already.
      retry: (count, error) => !isOAuthError(error) && count < 2,
    },
  },
})
// Data of one user must not be shown to the next, in whichever tab the user changes.
session.on('signed_out', () => {
  for (const query of queries.getQueryCache().getAll()) query.reset()
})
// Also loads what is on the page for the new user.
session.on('user_changed', () => void queries.resetQueries())

export const useSensor = (id: number) =>
  useQuery({
    queryKey: ['sensor', id],
    queryFn: async ({ signal }) => (await api.get<Sensor>(`/sensors/${id}`, { signal })).data,
    refetchInterval: 2000,
  })

export const useNotes = () =>
  useQuery({ queryKey: ['notes'], queryFn: async ({ signal }) => (await api.get<Note[]>('/notes', { signal })).data })

export function useAddNote() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: async (text: string) => (await api.post<Note>('/notes', { text })).data,
    onSuccess: (note) => cache.setQueryData<Note[]>(['notes'], (notes = []) => [...notes, note]),
  })
}

/** Uploads a file. A 401 after the last byte sends it again with the new token. */
export const useUpload = (onProgress: (share: number) => void) =>
  useMutation({
    mutationFn: async (file: File) => {
      const body = new FormData()
      body.append('photo', file)
      const onUploadProgress = ({ progress = 0 }): void => onProgress(progress)
      return (await api.post<{ bytes: number }>('/photos', body, { onUploadProgress })).data
    },
  })
