import CLibCurl
import Glibc
import HTTPCore

extension CurlHandle {
    /// Sets what never changes again. Certificates are verified unless a request says otherwise.
    func configure() {
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        let shared = unsafe Unmanaged.passUnretained(driver).toOpaque()
        unsafe _ = clibcurl_set_pointer(easy, CURLOPT_PRIVATE, me)
        unsafe _ = clibcurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        unsafe _ = clibcurl_set_pointer(easy, CURLOPT_SHARE, driver.share)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_HTTP_VERSION, 2)  // CURL_HTTP_VERSION_1_1
        set(CURLOPT_SSLVERSION, 6)  // CURL_SSLVERSION_TLSv1_2
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_NOPROGRESS, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_DNS_CACHE_TIMEOUT, Int(driver.configuration.addressLifetime.components.seconds))
        set(CURLOPT_MAXAGE_CONN, Int(driver.configuration.idleConnectionLifetime.components.seconds))
        set(CURLOPT_UPLOAD_BUFFERSIZE, 256 * 1024)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        // An empty text, unlike none, keeps libcurl from looking into the environment.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_NOPROXY, "")
        if let file = driver.configuration.caFile { set(CURLOPT_CAINFO, file) }
        unsafe _ = clibcurl_set_transfer_function(easy, CURLOPT_WRITEFUNCTION, bodyReceived)
        unsafe _ = clibcurl_set_pointer(easy, CURLOPT_WRITEDATA, me)
        unsafe _ = clibcurl_set_transfer_function(easy, CURLOPT_HEADERFUNCTION, headerReceived)
        unsafe _ = clibcurl_set_pointer(easy, CURLOPT_HEADERDATA, me)
        unsafe _ = clibcurl_set_transfer_function(easy, CURLOPT_READFUNCTION, bodyWanted)
        unsafe _ = clibcurl_set_pointer(easy, CURLOPT_READDATA, me)
        unsafe _ = clibcurl_set_prerequest_function(easy, requestStarts)
        unsafe _ = clibcurl_set_pointer(easy, CURLOPT_PREREQDATA, me)
        unsafe _ = clibcurl_set_progress_function(easy, progressMade)
        unsafe _ = clibcurl_set_pointer(easy, CURLOPT_XFERINFODATA, me)
        unsafe _ = clibcurl_set_open_socket_function(easy, socketOpens)
        unsafe _ = clibcurl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, me)
        unsafe _ = clibcurl_set_close_socket_function(easy, curlCloseSocket)
        unsafe _ = clibcurl_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, shared)
    }
}

// What libcurl calls; `user` is the handle, which outlives its easy handle.

private func headerReceived(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ user: UnsafeMutableRawPointer?
) -> Int {
    let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count).assumingMemoryBound(to: UInt8.self)
    return unsafe curlHandle(user)?.received(header: line.span) == true ? size * count : 0
}

private func bodyReceived(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ user: UnsafeMutableRawPointer?
) -> Int {
    unsafe curlHandle(user)?.received(body: UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
}

private func bodyWanted(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ user: UnsafeMutableRawPointer?
) -> Int {
    unsafe curlHandle(user)?.wanted(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
        ?? clibcurl_read_abort
}

private func requestStarts(
    _ user: UnsafeMutableRawPointer?, _ remoteAddress: UnsafeMutablePointer<CChar>?,
    _ localAddress: UnsafeMutablePointer<CChar>?, _ remotePort: Int32, _ localPort: Int32
) -> Int32 {
    unsafe curlHandle(user)?.connected()
    return CURL_PREREQFUNC_OK
}

private func progressMade(
    _ user: UnsafeMutableRawPointer?, _ toReceive: Int, _ received: Int, _ toSend: Int, _ sent: Int
) -> Int32 {
    unsafe curlHandle(user)?.progressed(sent)
    return 0
}

private func socketOpens(
    _ user: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let handle = unsafe curlHandle(user), let address = unsafe address,
        unsafe handle.mayConnect(to: peer(address))
    else { return -1 }
    let descriptor = unsafe clibcurl_open_socket(address)
    if descriptor >= 0 { handle.driver.opened(descriptor) }
    return descriptor
}

/// SAFETY: libcurl gives `addrlen` bytes from `addr` on, more than the type of `addr` shows; both families are read only as far as they are long.
private func peer(_ address: UnsafeMutablePointer<curl_sockaddr>) -> PeerAddress? {
    guard let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return nil }
    let length = unsafe Int(address.pointee.addrlen)
    let bytes = unsafe UnsafeRawBufferPointer(start: UnsafeRawPointer(address) + offset, count: length)
    switch unsafe (address.pointee.family, length) {
    case (AF_INET, MemoryLayout<sockaddr_in>.size...):
        return PeerAddress(ipv4: unsafe UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
    case (AF_INET6, MemoryLayout<sockaddr_in6>.size...):
        return PeerAddress(
            high: unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            low: unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)))
    default:
        return nil
    }
}
