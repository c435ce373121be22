# Attaches Calotype to a behaviour of a distribution that exists. The input is what "aws
# cloudfront get-distribution-config" prints, the result is the configuration for "aws
# cloudfront update-distribution". docs/deployment.md has the commands.
#
# $outputs are the outputs of the stack, and $path is the behaviour's path pattern, or
# empty for the default behaviour. What cannot be combined is an error.

def output($name):
  first($outputs[] | select(.OutputKey == $name) | .OutputValue)
  // error("the stack has no output \($name): was it deployed with existingDistribution?");
def items: .Items // [];
def listed: { Quantity: length } + if length > 0 then { Items: . } else {} end;
# The function of an ARN, without the version.
def unversioned: sub(":[0-9]+$"; "");

def attach_functions:
  output("TriggerVersionArn") as $function | output("ViewerFunctionArn") as $viewer
  | (.LambdaFunctionAssociations | items) as $lambdas
  | (.FunctionAssociations | items) as $functions
  | ($lambdas | map(select((.EventType | startswith("origin-")) and (.LambdaFunctionARN | unversioned) != ($function | unversioned)))) as $others
  | if $others | length > 0 then error("the behaviour has another function at \($others[0].EventType): \($others[0].LambdaFunctionARN)") else . end
  | if any($lambdas[]; .EventType | startswith("viewer-")) then error("the behaviour has a Lambda@Edge function at a viewer's event, which excludes CloudFront Functions: give the pictures a behaviour of their own") else . end
  | if any($functions[]; .EventType == "viewer-request" and .FunctionARN != $viewer) then error("the behaviour has another function at viewer-request: give the pictures a behaviour of their own, or call both from one function") else . end
  | .LambdaFunctionAssociations = ([
      { EventType: "origin-request", LambdaFunctionARN: $function, IncludeBody: false },
      { EventType: "origin-response", LambdaFunctionARN: $function, IncludeBody: false }
    ] | listed)
  | .FunctionAssociations = (($functions | map(select(.EventType != "viewer-request"))) + [{ EventType: "viewer-request", FunctionARN: $viewer }] | listed);

def attach_policies:
  del(.ForwardedValues, .MinTTL, .DefaultTTL, .MaxTTL)
  | .CachePolicyId = output("CachePolicyId")
  | .ResponseHeadersPolicyId = (.ResponseHeadersPolicyId // output("HeadersPolicyId"));

def attach_origin:
  if .S3OriginConfig == null then error("the origin \(.Id) is not a bucket")
  elif (.OriginPath // "") != "" then error("the origin \(.Id) has the path \(.OriginPath): renditions are found from the bucket's root only")
  else . end
  | (output("OriginHeaders") | fromjson) as $ours
  | .CustomHeaders = (
      (.CustomHeaders | items | map(select(.HeaderName | ascii_downcase | startswith("x-env-") | not)))
      + ($ours | to_entries | map({ HeaderName: .key, HeaderValue: .value }))
      | listed)
  | .OriginShield = { Enabled: true, OriginShieldRegion: output("OriginShieldRegion") };

def behaviours: if $path == "" then [.DefaultCacheBehavior] else [.CacheBehaviors | items[] | select(.PathPattern == $path)] end;

.DistributionConfig
| (behaviours | if length == 1 then .[0] else error("there is no behaviour with the path pattern \($path)") end | .TargetOriginId) as $origin
| if any(.Origins.Items[]; .Id == $origin) then . else error("the behaviour's origin \($origin) is a group: use originGroup with a distribution of the template's own") end
| if $path == ""
  then .DefaultCacheBehavior |= (attach_functions | attach_policies)
  else .CacheBehaviors.Items |= map(if .PathPattern == $path then attach_functions | attach_policies else . end) end
| .Origins.Items |= map(if .Id == $origin then attach_origin else . end)
