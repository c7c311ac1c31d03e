export { fillPath, type RouteName, routeKey, routes } from './routes.ts'
export type { Upload } from './upload-log-api.ts'
