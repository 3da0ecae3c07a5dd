import CLibCurl

/// Turns libcurl's result of a transfer into our errors. Pure.
///
/// libcurl has one code for many causes, so the stage and sometimes the text decide.
enum CurlFault {
    static func map(_ code: CURLcode, text: String, stage: TransferMachine.Stage, headerLimit: Int) -> HTTPClientError?
    {
        switch code {
        case CURLE_OK:
            return nil
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            return .resolve(text)
        case CURLE_COULDNT_CONNECT, CURLE_PROXY, CURLE_INTERFACE_FAILED:
            return .connect(text)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_ENGINE_INITFAILED,
            CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CLIENTCERT, CURLE_USE_SSL_FAILED:
            return .tls(text)
        case CURLE_URL_MALFORMAT:
            return .invalidRequest(text)
        case CURLE_UNSUPPORTED_PROTOCOL:
            // Also libcurl's word for an answer without a status line.
            return stage == .connecting ? .invalidRequest(text) : .malformed(text)
        case CURLE_OPERATION_TIMEDOUT:
            return .timedOut(stage == .connecting ? .connect : .idle)
        case CURLE_PARTIAL_FILE:
            return .truncated
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_FILESIZE_EXCEEDED:
            return .malformed(text)
        case CURLE_OUT_OF_MEMORY, CURLE_BAD_FUNCTION_ARGUMENT:
            // A header line over libcurl's own bound of 100 KiB ends like this.
            return stage == .receiving ? .reset(text) : .tooLarge(limit: headerLimit)
        case CURLE_RECV_ERROR:
            return received(text, stage)
        case CURLE_GOT_NOTHING:
            return .reset("closed before an answer")
        default:
            return stage == .connecting ? .connect(text) : .reset(text)
        }
    }

    private static func received(_ text: String, _ stage: TransferMachine.Stage) -> HTTPClientError {
        if stage == .connecting { return .connect(text) }
        if text.contains("chunked-encoding") { return .malformed(text) }
        if text.contains("unexpected eof") { return stage == .receiving ? .truncated : .reset(text) }
        return .reset(text)
    }
}
