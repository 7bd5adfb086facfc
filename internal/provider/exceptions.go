package provider

import "strings"

// kinds are the exception types of one fine class: names in lower case, between spaces. A name is the last segment of
// the type, or the full type where packages use the same segment for different errors.
type kinds struct {
	fine  fine
	names string
}

// exceptions maps exception types to their fine class.
var exceptions = collect(sdkErrors, runtimeErrors, frameworkErrors)

func collect(tables ...[]kinds) map[string]fine {
	all := map[string]fine{}
	for _, table := range tables {
		for _, k := range table {
			for name := range strings.FieldsSeq(k.names) {
				if _, twice := all[name]; twice {
					panic("provider: two rows for " + name)
				}
				all[name] = k.fine
			}
		}
	}
	return all
}

// sdkErrors are raised by SDKs of providers and by gateways.
var sdkErrors = []kinds{
	// openai and anthropic share names. A 403 from Azure can also be a policy.
	{invalid, "badrequesterror conflicterror unprocessableentityerror"},
	{auth, "authenticationerror oautherror subjecttokenprovidererror"},
	{forbidden, "permissiondeniederror"},
	{notFound, "notfounderror"},
	{throttled, "ratelimiterror"},
	{serverError, "internalservererror apiresponsevalidationerror"},
	{clientTimeout, "apitimeouterror"},
	{untrusted, "apiconnectionerror"},
	{outputLimit, "lengthfinishreasonerror"},
	{contentFilter, "contentfilterfinishreasonerror"},
	{byStatus, "apistatuserror apierror openaierror anthropicerror retryableerror"},
	{connection, "websocketconnectionclosederror websocketqueuefullerror"},
	{contextLength, "requesttoolargeerror"},
	{overloaded, "serviceunavailableerror overloadederror"},
	{timeout, "deadlineexceedederror"},
	// The same SDKs in other languages, and their telemetry.
	{clientTimeout, "apiconnectiontimeouterror clienttimeouterror"},
	{cancelled, "apiuseraborterror clientaborterror clientabortederror clientcancelederror clientcancellederror"},
	{untrusted, "openaiioexception anthropicioexception"},

	// google-genai and google.api_core.
	{byStatus, "clienterror retryerror"},
	{serverError, "servererror unknownapiresponseerror aborted google.api_core.exceptions.unknown"},
	{badArguments, "unknownfunctioncallargumenterror"},
	{invalid, "unsupportedfunctionerror invalidargument failedprecondition outofrange"},
	{toolFailed, "functioninvocationerror"},
	{throttled, "resourceexhausted resourceexhaustederror toomanyrequests"},
	{timeout, "deadlineexceeded gatewaytimeout google.api_core.exceptions.retryerror"},
	{auth, "unauthenticated"},
	{forbidden, "permissiondenied forbidden"},
	{overloaded, "serviceunavailable"},
	{notFound, "google.api_core.exceptions.notfound"},
	{cancelled, "google.api_core.exceptions.cancelled"},
	// gRPC codes and HTTP reasons in one word, and the errors for answers that the older Google SDKs withhold.
	{overloaded, "unavailable"},
	{auth, "unauthorized"},
	{invalid, "badrequest unimplemented"},
	{notFound, "notfound"},
	{serverError, "internal brokenresponseerror incompleteiterationerror"},
	{filtered, "stopcandidateexception responsevalidationerror"},
	{contentFilter, "blockedpromptexception"},

	// botocore.
	{byStatus, "eventstreamerror"},
	{clientTimeout, "readtimeouterror connecttimeouterror"},
	{
		connection, "endpointconnectionerror connectionclosederror proxyconnectionerror sslerror httpclienterror " +
			"connectionerror responsestreamingerror",
	},
	{
		auth, "nocredentialserror partialcredentialserror credentialretrievalerror noauthtokenerror " +
			"tokenretrievalerror unauthorizedssotokenerror ssotokenloaderror logintokenloaderror " +
			"unknowncredentialerror unknowntokenprovidererror",
	},
	{invalid, "paramvalidationerror"},

	// Azure.
	{auth, "clientauthenticationerror invalidtokenerror"},
	{notFound, "resourcenotfounderror"},
	{connection, "servicerequesterror serviceresponseerror incompletereaderror"},
	{clientTimeout, "servicerequesttimeouterror serviceresponsetimeouterror"},
	{byStatus, "clientresultexception requestfailedexception httpresponseerror"},

	// Hugging Face, Mistral, Ollama.
	{timeout, "inferencetimeouterror"},
	{byStatus, "hfhubhttperror sdkerror responseerror"},
	{invalid, "httpvalidationerror"},

	// LiteLLM. Its APIConnectionError also stands for every error that it could not map, and its mid-stream fallback
	// error for the cause of the fallback.
	{invalid, "litellmunknownprovider unsupportedparamserror imagefetcherror invalidrequesterror"},
	{contextLength, "contextwindowexceedederror"},
	{
		contentFilter, "contentpolicyviolationerror rejectedrequesterror guardrailraisedexception " +
			"blockedpiientityerror guardrailinterventionnormalstringerror",
	},
	{budget, "budgetexceedederror"},
	{clientTimeout, "timeout"},
	{serverError, "midstreamfallbackerror badgatewayerror"},
	{mismatch, "jsonschemavalidationerror"},
	{throttled, "routerratelimiterror routerratelimiterrorbasic"},
	// Vercel's gateway.
	{auth, "gatewayauthenticationerror"},
	{throttled, "gatewayratelimiterror"},
	{invalid, "gatewayinvalidrequesterror"},
	{notFound, "gatewaymodelnotfounderror"},
	{serverError, "gatewayinternalservererror gatewayresponseerror"},
	{clientTimeout, "gatewaytimeouterror"},
}
