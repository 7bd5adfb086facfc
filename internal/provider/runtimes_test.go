package provider

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// TestLostConnections has the words of runtimes and HTTP clients for a connection that was lost. cut tells whether the
// response had begun.
func TestLostConnections(t *testing.T) {
	for _, c := range []struct {
		kind, message string
		cut           bool
	}{
		// Node, Deno, Bun.
		{"TypeError", "terminated", true},
		{"", "TypeError: terminated", true},
		{"", `{"error":"TypeError: terminated"}`, true},
		{"SocketError", "other side closed", true},
		{"Error", "Premature close", true},
		{"ERR_STREAM_PREMATURE_CLOSE", "", true},
		{"Error", "aborted", false},
		{"TypeError", "fetch failed", false},
		{"FetchError", "request to https://api.openai.com/v1/chat/completions failed, reason: socket hang up", false},
		{"Error", "Client network socket disconnected before secure TLS connection was established", false},
		{"TypeError", "error reading a body from connection: end of file before message length reached", true},
		{"Error", "The socket connection was closed unexpectedly.", false},
		{"TypeError", "NetworkError when attempting to fetch resource.", false},
		{"TypeError", "Failed to fetch", false},
		{"Error", "Network connection lost.", false},
		// Python.
		{"httpx.RemoteProtocolError", "peer closed connection without sending complete message body (incomplete chunked read)", true},
		{"httpx.RemoteProtocolError", "Server disconnected without sending a response.", false},
		{"httpcore.RemoteProtocolError", "<StreamReset stream_id:3, error_code:2, remote_reset:True>", true},
		{"httpx.RemoteProtocolError", "<ConnectionTerminated error_code:0, last_stream_id:1, additional_data:None>", false},
		{"httpx.ReadError", "", false},
		{"httpcore.CloseError", "", false},
		{"requests.exceptions.ChunkedEncodingError", "('Connection broken: IncompleteRead(512 bytes read)', IncompleteRead(512 bytes read))", true},
		{"requests.exceptions.ChunkedEncodingError", "Response ended prematurely", true},
		{"urllib3.exceptions.ProtocolError", "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))", false},
		{"urllib3.exceptions.InvalidChunkLength", "InvalidChunkLength(got length b'', 0 bytes read)", true},
		{"aiohttp.client_exceptions.ClientPayloadError", "Response payload is not completed: <TransferEncodingError: 400, message='Not enough data to satisfy transfer length header.'>", true},
		{"aiohttp.client_exceptions.ServerDisconnectedError", "Server disconnected", false},
		{"aiohttp.ClientConnectorError", "Cannot connect to host api.openai.com:443 ssl:default [Connection refused]", false},
		{"ConnectionResetError", "[Errno 104] Connection reset by peer", false},
		{"OSError", "[WinError 10054] An existing connection was forcibly closed by the remote host", false},
		{"anyio.ClosedResourceError", "", false},
		{"websockets.exceptions.ConnectionClosedError", "no close frame received or sent", false},
		// Go.
		{"*errors.errorString", "unexpected EOF", true},
		{"*url.Error", `Post "https://api.openai.com/v1/chat/completions": EOF`, false},
		{"*net.OpError", "read tcp 10.0.0.2:51234->104.18.7.192:443: read: connection reset by peer", false},
		{"", "stream error: stream ID 5; INTERNAL_ERROR; received from peer", true},
		{"", "http2: server sent GOAWAY and closed the connection; LastStreamID=1999", false},
		{"", "http2: client connection lost", false},
		{"", "write tcp 10.0.0.2:1->10.0.0.3:443: use of closed network connection", false},
		{"", "rpc error: code = Unavailable desc = error reading from server: EOF", false},
		// Java and Kotlin.
		{"java.net.ProtocolException", "unexpected end of stream", true},
		{"okhttp3.internal.http2.StreamResetException", "stream was reset: INTERNAL_ERROR", true},
		{"java.io.IOException", "Premature EOF", true},
		{"org.apache.http.ConnectionClosedException", "Premature end of chunk coded message body: closing chunk expected", true},
		{"reactor.netty.http.client.PrematureCloseException", "Connection prematurely closed DURING response", true},
		{"reactor.netty.http.client.PrematureCloseException", "Connection prematurely closed BEFORE response", false},
		{"java.io.IOException", "HTTP/1.1 header parser received no bytes", false},
		{"java.io.EOFException", "EOF reached while reading", true},
		{"java.net.SocketException", "Connection reset", false},
		{"javax.net.ssl.SSLHandshakeException", "PKIX path building failed", false},
		{"org.apache.http.NoHttpResponseException", "api.openai.com:443 failed to respond", false},
		// .NET.
		{"System.Net.Http.HttpIOException", "The response ended prematurely. (ResponseEnded)", true},
		{"System.IO.IOException", "Unable to read data from the transport connection: Connection reset by peer.", true},
		{"System.Net.Http.HttpRequestException", "Error while copying content to a stream.", true},
		{"System.Net.Http.HttpRequestException", "The SSL connection could not be established, see inner exception.", false},
		{"System.Net.Sockets.SocketException", "No such host is known", false},
		// Rust, curl, Ruby.
		{"hyper::Error", "connection closed before message completed", true},
		{"reqwest::Error", "error decoding response body", true},
		{"reqwest::Error", "error sending request for url (https://api.anthropic.com/v1/messages)", false},
		{"GuzzleHttp\\Exception\\RequestException", "cURL error 18: transfer closed with outstanding read data remaining", true},
		{"", "cURL error 52: Empty reply from server", false},
		{"EOFError", "end of file reached", false},
		{"Faraday::ConnectionFailed", "", false},
		// SDKs and agents about their streams.
		{"", "stream disconnected before completion: stream closed before response.completed", true},
		{"Error", "request ended without sending any chunks", true},
		{"Error", "OpenAI completions stream closed before a finish_reason was received", true},
		{"ModelBehaviorError", "Model did not produce a final response!", true},
		{"Error", "Incomplete JSON segment at the end", true},
		{"AI_APICallError", "Failed to process successful response", true},
		{"unknown", "Failed to process successful response", true},
		{"client_connection_error", "", false},
	} {
		e := genai.Error{IsError: true, Type: c.kind, Message: c.message}
		o := Classify(e)
		lost := o.Class == failure.ProviderError && (o.Detail == failure.Connection || o.Detail == failure.Overloaded)
		require.True(t, lost, "%s %s is %s, %s %q", c.kind, c.message, verdict(o), o.By, o.Where)
		require.Equal(t, c.cut, StreamCut(e), "%s %s", c.kind, c.message)
	}
}
