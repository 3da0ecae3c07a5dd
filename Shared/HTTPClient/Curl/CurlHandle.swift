import CLibCurl
import EventLoop
import HTTPCore

/// One easy handle of libcurl: the only type that touches one.
///
/// A handle is configured once and then reused for requests of one `poolKey`; only what differs from the last request is set. It is never reset: a
/// reset costs more than the request's own options. Everything a transfer changes is therefore remembered here and compared.
@safe
final class CurlHandle: ExchangeBackend, @unchecked Sendable {
    // SAFETY: confined to the driver's loop. `easy` and `errorText` live exactly as long as the handle is not destroyed.

    private(set) var exchange: Exchange?
    private(set) var poolKey = ""

    unowned let driver: CurlDriver
    let easy: UnsafeMutableRawPointer
    let errorText: UnsafeMutablePointer<CChar>

    // What the easy handle is set to now.
    private enum Shape: Equatable { case get, head, fields, upload }
    private var url = ""
    private var shape = Shape.get
    private var method = HTTPMethod.get
    private var proxy = ""
    private var verifies = true
    private var headers: HTTPHeaders?
    private var list: UnsafeMutablePointer<curl_slist>?
    private var reportsProgress = false
    private var isGuarded = false

    // The running transfer.
    private var assembler = HeadAssembler(limit: 0)
    private var isHeadComplete = false
    private var ownFault: HTTPClientError?
    private var isAddressRefused = false
    private var isReadHeld = false
    private var isWriteHeld = false
    private var body: [UInt8] = []
    private var sentBytes = 0
    private var receivedBytes = 0
    private var declaredBytes = Int.max

    /// Bodies up to this size leave with the head in one piece, so their sending is not watched.
    private static let smallBody = 64 * 1024

    init?(driver: CurlDriver) {
        guard let easy = unsafe curl_easy_init() else { return nil }
        self.driver = driver
        unsafe self.easy = unsafe easy
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        configure()
    }

    /// Frees the easy handle; it must not be running.
    func destroy() {
        unsafe curl_easy_cleanup(easy)
        unsafe curl_slist_free_all(list)
        unsafe errorText.deallocate()
    }

    /// The handle behind an easy handle.
    static func of(_ easy: UnsafeMutableRawPointer) -> CurlHandle? {
        var pointer: UnsafeMutableRawPointer?
        unsafe _ = clibcurl_get_pointer(easy, CURLINFO_PRIVATE, &pointer)
        return unsafe curlHandle(pointer)
    }

    @discardableResult
    func set(_ option: CURLoption, _ value: Int) -> CURLcode {
        unsafe clibcurl_set_long(easy, option, value)
    }

    @discardableResult
    func set(_ option: CURLoption, _ value: String?) -> CURLcode {
        guard let value else { return unsafe clibcurl_set_string(easy, option, nil) }
        return unsafe clibcurl_set_string(easy, option, value)
    }

    // MARK: One transfer

    /// Sets what differs from the last request. Answers why the request cannot be sent, if so.
    func prepare(_ exchange: Exchange) -> HTTPClientError? {
        let request = exchange.request
        poolKey = request.poolKey
        if let refusal = prepareAddress(request) { return refusal }
        if verifies != request.verifiesTLS {
            verifies = request.verifiesTLS
            set(CURLOPT_SSL_VERIFYPEER, verifies ? 1 : 0)
            set(CURLOPT_SSL_VERIFYHOST, verifies ? 2 : 0)
        }
        prepareBody(request)
        prepareHeaders(request)
        unsafe errorText.pointee = 0
        assembler = HeadAssembler(limit: request.maxHeaderBytes)
        self.exchange = exchange
        return nil
    }

    private func prepareAddress(_ request: ClientRequest) -> HTTPClientError? {
        if url != request.url {
            guard set(CURLOPT_URL, request.url) == CURLE_OK else { return .invalidRequest("the URL is not accepted") }
            url = request.url
        }
        let wanted = request.proxy ?? ""
        if proxy != wanted {
            guard !wanted.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
                return .invalidRequest("the proxy has a space or control character")
            }
            guard set(CURLOPT_PROXY, wanted) == CURLE_OK else { return .invalidRequest("the proxy is not accepted") }
            proxy = wanted
        }
        if isGuarded != (request.allowsAddress != nil) {
            isGuarded.toggle()
            // A connection that others opened was not asked about, and one that was should serve nobody else.
            set(CURLOPT_FRESH_CONNECT, isGuarded ? 1 : 0)
            set(CURLOPT_FORBID_REUSE, isGuarded ? 1 : 0)
        }
        return nil
    }

    private func prepareBody(_ request: ClientRequest) {
        let wanted: Shape
        var length = -1
        body = []
        switch request.body {
        case .bytes(let bytes):
            wanted = .fields
            body = bytes
        case .stream(let declared, _):
            wanted = .upload
            length = declared ?? -1
        case .none:
            wanted = request.method == .head ? .head : RequestFields.announcesEmptyBody(request.method) ? .fields : .get
        }
        if wanted != shape || method != request.method { reshape(wanted, request.method) }
        if wanted == .fields { prepareFields() }
        if wanted == .upload { unsafe _ = clibcurl_set_offset(easy, CURLOPT_INFILESIZE_LARGE, length) }
        let watches = body.count > Self.smallBody
        if watches != reportsProgress {
            reportsProgress = watches
            set(CURLOPT_NOPROGRESS, watches ? 0 : 1)
        }
    }

    /// SAFETY: libcurl keeps the address until the transfer ends. `body` is a second reference to the caller's array: its storage is native and on the
    /// heap, is never written to while it is shared, and is released in `finish`, after the handle was removed from the multi handle.
    private func prepareFields() {
        unsafe _ = clibcurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, body.count)
        guard !body.isEmpty else {
            unsafe _ = clibcurl_set_string(easy, CURLOPT_POSTFIELDS, emptyText)
            return
        }
        unsafe body.withUnsafeBytes { bytes in
            unsafe _ = clibcurl_set_pointer(easy, CURLOPT_POSTFIELDS, bytes.baseAddress)
        }
    }

    /// Switches between the forms of a request; `HTTPGET` first, because it is what takes the other forms back.
    private func reshape(_ wanted: Shape, _ wantedMethod: HTTPMethod) {
        if shape != wanted {
            set(CURLOPT_NOBODY, 0)
            set(CURLOPT_UPLOAD, 0)
            unsafe _ = clibcurl_set_pointer(easy, CURLOPT_POSTFIELDS, nil)
            set(CURLOPT_HTTPGET, 1)
            switch wanted {
            case .get: break
            case .head: set(CURLOPT_NOBODY, 1)
            case .fields: set(CURLOPT_POST, 1)
            case .upload: set(CURLOPT_UPLOAD, 1)
            }
            // The list has one line more or less for bodies.
            headers = nil
        }
        shape = wanted
        method = wantedMethod
        let usual: HTTPMethod =
            switch wanted {
            case .get: .get
            case .head: .head
            case .fields: .post
            case .upload: .put
            }
        set(CURLOPT_CUSTOMREQUEST, wantedMethod == usual ? nil : wantedMethod.rawValue)
    }

    private func prepareHeaders(_ request: ClientRequest) {
        if let headers, headers == request.headers { return }
        headers = request.headers
        let old = unsafe list
        var builder = unsafe HeaderList()
        request.headers.forEachBytes { name, value in
            guard !RequestFields.isOwned(name) else { return }
            unsafe builder.append(name, value)
        }
        // What libcurl would add by itself, and no caller asked for.
        if !request.headers.contains("Accept") { unsafe builder.append("Accept:") }
        if shape == .fields || shape == .upload {
            unsafe builder.append("Expect:")
            if !request.headers.contains("Content-Type") { unsafe builder.append("Content-Type:") }
        }
        unsafe list = unsafe builder.first
        unsafe _ = clibcurl_set_list(easy, CURLOPT_HTTPHEADER, list)
        unsafe curl_slist_free_all(old)
    }

    func add(to multi: UnsafeMutableRawPointer) -> CURLMcode {
        unsafe curl_multi_add_handle(multi, easy)
    }

    func remove(from multi: UnsafeMutableRawPointer) {
        unsafe _ = curl_multi_remove_handle(multi, easy)
    }

    /// Forgets the transfer; the handle keeps its settings.
    func finish() {
        exchange = nil
        isHeadComplete = false
        ownFault = nil
        isAddressRefused = false
        isReadHeld = false
        isWriteHeld = false
        sentBytes = 0
        receivedBytes = 0
        declaredBytes = .max
        body = []
    }

    /// What a finished transfer's result means; `nil` when all is well.
    func fault(_ code: CURLcode) -> HTTPClientError? {
        if let ownFault { return ownFault }
        let stage = exchange?.machine.stage ?? .ended
        guard code != CURLE_OK else { return isHeadComplete ? nil : .reset("closed within the head") }
        if isAddressRefused, code == CURLE_COULDNT_CONNECT { return .addressRefused }
        var text = unsafe String(cString: errorText)
        if text.isEmpty { text = unsafe String(cString: curl_easy_strerror(code)) }
        return CurlFault.map(code, text: text, stage: stage, headerLimit: exchange?.request.maxHeaderBytes ?? 0)
    }

    // MARK: ExchangeBackend

    func resumeReading() {
        guard isReadHeld else { return }
        isReadHeld = false
        unpause()
    }

    func resumeWriting() {
        guard isWriteHeld else { return }
        isWriteHeld = false
        unpause()
    }

    func abort() {
        driver.abort(self)
    }

    /// The head came before the request was sent. libcurl stops sending on an error by itself, but not when the upload is paused; and a complete good answer
    /// it holds back until the upload is complete.
    private func noteEarlyAnswer() {
        guard isSending, let exchange else { return }
        switch assembler.verdict(isHead: exchange.request.method == .head).body {
        case .none: declaredBytes = 0
        case .length(let length): declaredBytes = length
        case .chunked, .untilClose: break
        }
        driver.nudge(self)
    }

    /// Outside of libcurl's code: ends a transfer whose answer is complete, else lets libcurl see that it need not wait for the paused upload.
    func answeredEarly() {
        guard let exchange, isSending else { return }
        if receivedBytes >= declaredBytes {
            exchange.didFinish()
            abort()
        } else {
            resumeWriting()
        }
    }

    private var isSending: Bool {
        if let upload = exchange?.upload { return upload.hasBytes || !upload.isComplete }
        return reportsProgress && sentBytes < body.count
    }

    private func unpause() {
        driver.enter {
            let held = (isReadHeld ? CURLPAUSE_RECV : 0) | (isWriteHeld ? CURLPAUSE_SEND : 0)
            unsafe _ = curl_easy_pause(easy, held)
        }
    }

    // MARK: From libcurl

    /// libcurl is about to open a connection's socket to an address; `nil` is one of a family that has no such addresses.
    func mayConnect(to address: PeerAddress?) -> Bool {
        guard let allows = exchange?.request.allowsAddress else { return true }
        guard let address, allows(address) else {
            isAddressRefused = true
            return false
        }
        return true
    }

    func connected() {
        var opened = 0
        unsafe _ = clibcurl_get_long(easy, CURLINFO_NUM_CONNECTS, &opened)
        if sentBytes > 0 || exchange?.machine.stage != .connecting { exchange?.didRestart() }
        sentBytes = 0
        exchange?.didConnect(reused: opened == 0)
        if !reportsProgress, exchange?.upload == nil { exchange?.didSendRequest() }
    }

    func received(header line: Span<UInt8>) -> Bool {
        // Lines after the head are trailers.
        guard !isHeadComplete else {
            exchange?.didReceiveTrailer(line)
            return true
        }
        do throws(HTTPClientError) {
            if try assembler.take(line) == .complete {
                isHeadComplete = true
                exchange?.didReceiveHead(assembler.head)
                noteEarlyAnswer()
            }
            return true
        } catch {
            ownFault = error
            return false
        }
    }

    func received(body piece: UnsafeRawBufferPointer) -> Int {
        guard let exchange else { return 0 }
        switch unsafe exchange.offer(piece) {
        case .accept:
            receivedBytes += piece.count
            if receivedBytes >= declaredBytes { driver.nudge(self) }
            return piece.count
        case .hold:
            isReadHeld = true
            return clibcurl_write_pause
        }
    }

    func wanted(_ room: UnsafeMutableRawBufferPointer) -> Int {
        guard let exchange, let upload = exchange.upload else { return clibcurl_read_abort }
        guard upload.hasBytes else {
            if upload.isComplete {
                exchange.didSendRequest()
                return 0
            }
            isWriteHeld = true
            exchange.didStarve()
            return clibcurl_read_pause
        }
        let count = min(room.count, upload.piece.count - upload.used)
        unsafe upload.piece.withUnsafeBytes { piece in
            unsafe room.copyMemory(from: UnsafeRawBufferPointer(rebasing: piece[upload.used..<upload.used + count]))
        }
        upload.use(count)
        sentBytes += count
        exchange.didProgress()
        return count
    }

    func progressed(_ uploaded: Int) {
        guard uploaded != sentBytes else { return }
        sentBytes = uploaded
        exchange?.didProgress()
        if uploaded >= body.count { exchange?.didSendRequest() }
    }
}

nonisolated(unsafe) private let emptyText: UnsafePointer<CChar> = {
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    unsafe text.pointee = 0
    return unsafe UnsafePointer(text)
}()

func curlHandle(_ pointer: UnsafeMutableRawPointer?) -> CurlHandle? {
    unsafe pointer.map { unsafe Unmanaged<CurlHandle>.fromOpaque($0).takeUnretainedValue() }
}
