import { createReadStream } from 'node:fs'
import type { AxiosInstance } from 'axios'

/**
 * A stream is created for each send, so that a 401 after the last byte sends it
 * again.
 */
export async function uploadFile(api: AxiosInstance, path: string): Promise<void> {
  await api.post('/files', undefined, {
    headers: { 'content-type': 'application/octet-stream' },
    oauth: { body: () => createReadStream(path), validFor: 600_000 },
  })
}

/**
 * A form is sent again as it is. `validFor` renews a token that would end during
 * the upload.
 */
export async function uploadPhoto(
  api: AxiosInstance,
  photo: Blob,
  onProgress: (share: number) => void,
): Promise<void> {
  const form = new FormData()
  form.append('photo', photo)
  await api.post('/photos', form, {
    oauth: { validFor: 120_000 },
    onUploadProgress: ({ progress = 0 }) => onProgress(progress),
  })
}
