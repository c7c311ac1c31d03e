export { fillPath, type RouteName, routeKey, routes } from './routes.ts'
export {
  type ListUploadsResponse,
  listUploadsQuerySchema,
  listUploadsResponseSchema,
  type Upload,
  type UploadEvent,
} from './upload-log-api.ts'
