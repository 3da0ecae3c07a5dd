import CLibCurl
import HTTPCore

/// Builds a list of header lines in one pass; libcurl's own append walks the list to its end every time.
@unsafe
struct HeaderList {
    private(set) var first: UnsafeMutablePointer<curl_slist>?
    private var last: UnsafeMutablePointer<curl_slist>?
    private var line: [UInt8] = []

    mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        unsafe line.removeAll(keepingCapacity: true)
        unsafe line.append(name)
        // `Name;` is how libcurl is told of an empty value; `Name:` would remove the header.
        unsafe line.append(value.isEmpty ? 0x3B : 0x3A)
        if !value.isEmpty { unsafe line.append(0x20) }
        unsafe line.append(value)
        unsafe line.append(0)
        unsafe line.withUnsafeBytes { bytes in
            guard let text = unsafe bytes.bindMemory(to: CChar.self).baseAddress else { return }
            unsafe append(text)
        }
    }

    mutating func append(_ text: UnsafePointer<CChar>) {
        guard let node = unsafe curl_slist_append(nil, text) else { return }
        if let last = unsafe last { unsafe last.pointee.next = unsafe node } else { unsafe first = unsafe node }
        unsafe last = unsafe node
    }
}
