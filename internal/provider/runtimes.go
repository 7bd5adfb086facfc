package provider

// runtimeErrors are raised by languages and HTTP clients. Their timeouts are the client's own deadline.
var runtimeErrors = []kinds{
	// Python: the standard library, httpx, requests, urllib3, aiohttp, anyio, websockets.
	{
		clientTimeout, "timeouterror readtimeout connecttimeout pooltimeout writetimeout servertimeouterror " +
			"sockettimeouterror connectiontimeouterror opentimeout",
	},
	{
		connection, "connecterror readerror writeerror closeerror proxyerror protocolerror remoteprotocolerror " +
			"localprotocolerror connectionreseterror connectionrefusederror connectionabortederror brokenpipeerror " +
			"gaierror chunkedencodingerror incompleteread invalidchunklength remotedisconnected maxretryerror " +
			"newconnectionerror nameresolutionerror serverdisconnectederror serverconnectionerror " +
			"clientconnectionerror clientconnectionreseterror clientconnectorerror clientconnectordnserror " +
			"clientconnectorsslerror clientconnectorcertificateerror clientproxyconnectionerror clientsslerror " +
			"clientoserror clientpayloaderror transferencodingerror contentlengtherror sslcertverificationerror " +
			"sslzeroreturnerror ssleoferror brokenresourceerror closedresourceerror endofstream connectionclosed " +
			"connectionclosedok streamclosederror streamreset connectionterminated networkerror dnserror",
	},
	{untrusted, "requesterror transporterror"},
	{byStatus, "httperror httpstatuserror clientresponseerror"},
	{serverError, "decodingerror"},

	// Node, Deno, Bun, and browsers: names and codes of errors, undici, axios.
	{
		clientTimeout, "etimedout esockettimedout econnaborted headerstimeouterror bodytimeouterror " +
			"und_err_connect_timeout und_err_headers_timeout und_err_body_timeout und_err_socket_timeout " +
			"und_err_request_timeout",
	},
	{
		connection, "econnreset econnrefused enotfound eai_again epipe eproto ehostunreach enetunreach ehostdown " +
			"enetdown socketerror httpparsererror und_err und_err_socket und_err_closed und_err_destroyed " +
			"und_err_res_content_length_mismatch err_stream_premature_close err_network err_socket_closed " +
			"err_http2_stream_error err_http2_session_error cert_has_expired depth_zero_self_signed_cert " +
			"self_signed_cert_in_chain unable_to_verify_leaf_signature unable_to_get_issuer_cert_locally " +
			"err_tls_cert_altname_invalid connectionrefused connectionreset connectionaborted failedtoopensocket " +
			"unexpectedeof brokenpipe",
	},
	{untrusted, "fetcherror"},
	{byStatus, "err_bad_response err_bad_request"},
	{cancelled, "aborterror und_err_aborted requestabortederror err_canceled responseaborted"},

	// Go.
	{clientTimeout, "context.deadlineexceeded context.deadlineexceedederror"},
	{
		connection, "net.operror http2.streamerror http2.goawayerror http2.connectionerror http2streamerror " +
			"http2goawayerror http2connectionerror tls.recordheadererror tls.certificateverificationerror " +
			"x509.unknownauthorityerror x509.hostnameerror x509.certificateinvaliderror",
	},
	{untrusted, "url.error"},
	{cancelled, "context.canceled"},

	// Java, Kotlin and .NET.
	{clientTimeout, "sockettimeoutexception timeoutexception httptimeoutexception interruptedioexception"},
	{
		connection, "connectexception unknownhostexception eofexception socketexception streamresetexception " +
			"connectionshutdownexception sslexception sslhandshakeexception sslpeerunverifiedexception " +
			"prematurecloseexception connectionclosedexception nohttpresponseexception truncatedchunkexception " +
			"malformedchunkcodingexception closedchannelexception asynchronouscloseexception " +
			"unresolvedaddressexception noroutetohostexception httpioexception httpprotocolexception",
	},
	{untrusted, "ioexception webexception webclientrequestexception resourceaccessexception"},
	{
		byStatus, "httprequestexception httpoperationexception httpclienterrorexception httpservererrorexception " +
			"webclientresponseexception restclientexception feignexception httpexception serverexception " +
			"clientexception requestexception",
	},
	{cancelled, "operationcanceledexception taskcanceledexception cancellationexception jobcancellationexception"},

	// Ruby.
	{connection, "eoferror connectionfailed"},

	// The caller left.
	{
		cancelled, "cancellederror cancelederror canceled cancelled generatorexit keyboardinterrupt systemexit " +
			"clientclosedrequesterror clientdisconnect clientdisconnected",
	},
}
