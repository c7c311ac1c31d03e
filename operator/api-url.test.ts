import { expect, test } from 'vitest'
import { parseApiUrl, regionOfApiUrl } from './api-url.ts'

test('plain HTTP is for this machine', () => {
  for (const host of ['localhost:4566', '127.0.0.1:8080', '[::1]:8080']) {
    expect(parseApiUrl(`http://${host}/`)).toBe(`http://${host}`)
  }
  for (const host of ['api.example', '127.0.0.1.example.com', 'localhost.example.com', '10.0.0.1']) {
    expect(() => parseApiUrl(`http://${host}`)).toThrow('readable')
  }
})

test('what is no API address is refused', () => {
  for (const text of [
    '',
    'api.example',
    'ftp://127.0.0.1',
    'https://api.example/?a=1',
    'https://a@api.example',
    'https://api.example/#x',
  ]) {
    expect(() => parseApiUrl(text), text).toThrow('is not an API address')
  }
})

test('an execute-api host names its region, and no other host does', () => {
  expect(regionOfApiUrl('https://abc123.execute-api.eu-west-1.amazonaws.com/prod')).toBe('eu-west-1')
  expect(regionOfApiUrl('https://abc123.execute-api.cn-north-1.amazonaws.com.cn')).toBe('cn-north-1')
  expect(regionOfApiUrl('https://fleet.example.com')).toBeUndefined()
  expect(regionOfApiUrl('http://127.0.0.1:8080')).toBeUndefined()
})
