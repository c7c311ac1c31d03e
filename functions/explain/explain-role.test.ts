import { devicesTrust } from './policy-documents.ts'
import { absent, failed, found, id, otherId, restoreStack, testStep } from './test-facts.ts'

const alias = testStep('role-alias')
const role = testStep('role')

alias.holds('an alias that leads to the role', {}, /fleet-uploads leads to the role devices/)
alias.isBroken(
  'an alias that is not there',
  { stack: { alias: absent } },
  /is not there/,
  'aws iot create-role-alias --role-alias fleet-uploads --role-arn arn:aws:iam::123456789012:role/devices --credential-duration-seconds 3600',
)
alias.isBroken(
  'an alias that leads elsewhere',
  { stack: { alias: found({ roleArn: 'arn:aws:iam::123456789012:role/admin', sessionSeconds: 3600 }) } },
  /does not lead to/,
  'aws iot update-role-alias --role-alias fleet-uploads --role-arn arn:aws:iam::123456789012:role/devices --credential-duration-seconds 3600',
)
alias.isUnknown('an alias that AWS does not tell of', { stack: { alias: failed } }, /ThrottlingException/)

role.holds('a role that holds', {}, /devices trusts/)
role.isBroken(
  'a role that is not there',
  { stack: { role: absent, rolePolicies: absent } },
  /is not there/,
  restoreStack,
)
role.isBroken(
  'a role that trusts another',
  {
    stack: {
      role: found({
        trust: { Statement: { ...devicesTrust.Statement[0], Principal: { Service: 'lambda.amazonaws.com' } } },
        maxSessionSeconds: 3600,
      }),
    },
  },
  /does not trust/,
  `aws iam update-assume-role-policy --role-name devices --policy-document '${JSON.stringify(devicesTrust)}'`,
)
role.isBroken(
  'a role whose sessions are too short',
  { stack: { role: found({ trust: devicesTrust, maxSessionSeconds: 1800 }) } },
  /asks for 3600 seconds, and the role devices gives 1800/,
  'aws iam update-role --role-name devices --max-session-duration 3600',
)
role.isBroken(
  'a role without policies',
  { stack: { rolePolicies: found([`revoked-1-${otherId}`]) } },
  /no policy that lets devices write/,
  restoreStack,
)
role.isBroken(
  'a role that denies the certificate',
  { stack: { rolePolicies: found(['uploads', `revoked-1-${id}`]) } },
  /denies everything/,
  `aws iam delete-role-policy --role-name devices --policy-name revoked-1-${id}`,
)
role.holds(
  'a role that denies a revoked certificate',
  { entry: { state: 'revoked' }, stack: { rolePolicies: found(['uploads', `revoked-1-${id}`]) } },
  /denies what the revoked certificate was given/,
)
role.isUnknown('a role that AWS does not tell of', { stack: { role: failed } }, /ThrottlingException/)
