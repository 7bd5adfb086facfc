package provider

// statuses maps HTTP statuses to fine classes. For other statuses the first digit decides.
var statuses = map[int]fine{
	401: auth, 402: quota, 403: forbidden, 404: notFound, 407: auth, 408: timeout, 410: notFound, 413: contextLength,
	424: serverError, 429: throttled,
	451: contentFilter, 498: auth, 499: cancelled, 503: overloaded, 504: timeout, 521: connection, 522: timeout,
	523: connection, 524: timeout,
	525: connection, 526: connection, 529: overloaded,
}

func byHTTP(status int) fine {
	if f, ok := statuses[status]; ok {
		return f
	}
	switch {
	case status >= 400 && status < 500:
		return invalid
	case status >= 500 && status < 600:
		return serverError
	}
	return fine{}
}
