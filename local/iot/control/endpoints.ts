import type { DescribeEndpointRequest, DescribeEndpointResponse } from '@aws-sdk/client-iot'
import { notImplemented } from '#local/service.ts'
import type { Checked } from './checked.ts'
import { invalidRequest } from './errors.ts'

/** Where the data plane listens: what DescribeEndpoint gives as endpointAddress. */
export interface IotEndpoints {
  readonly data: string
  readonly credentials: string
  readonly jobs?: string
}

export function createEndpointOperations(endpoints: () => IotEndpoints) {
  return {
    DescribeEndpoint({ endpointType = 'iot:Data' }: Checked<DescribeEndpointRequest>): DescribeEndpointResponse {
      const { data, credentials, jobs } = endpoints()
      switch (endpointType) {
        case 'iot:Data':
        case 'iot:Data-ATS':
          return { endpointAddress: data }
        case 'iot:CredentialProvider':
          return { endpointAddress: credentials }
        case 'iot:Jobs':
          if (jobs === undefined) throw notImplemented('DescribeEndpoint of iot:Jobs')
          return { endpointAddress: jobs }
        case 'iot:Data-Beta':
          throw notImplemented('DescribeEndpoint of iot:Data-Beta')
        default:
          throw invalidRequest(`Endpoint type ${endpointType} not recognized.`)
      }
    },
  }
}
