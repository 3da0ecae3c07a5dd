import Contracts
import Dialects
import EventLoop
import HTTPServer
import InferenceModel
import Routing

/// Plays the answers of channels without a network (contract providers §24), as if they came from one.
extension AttemptLoop {
    func play(_ script: ScriptedAnswer) async -> Result {
        switch script {
        case .refusal(let error, let pause):
            guard await wait(pause) else { return .callerGone }
            return .failed(
                .upstream(error, code: .upstreamStatus), FailureClass(status: error.status), status: error.status,
                retryAfter: nil)
        case .whole(let answer, let pause):
            guard await wait(pause) else { return .callerGone }
            return deliver(answer)
        case .stream(let stream): return await play(stream)
        }
    }

    private func play(_ stream: ScriptedStream) async -> Result {
        scope.usage = stream.usage
        scope.usageSource = .measured
        scope.upstreamID = stream.id
        for (place, piece) in stream.pieces.enumerated() {
            if place > 0 { guard await wait(stream.pause) else { return left() } }
            switch send(piece, of: stream) {
            case .open: break
            case .closed: return left()
            case .full:
                do throws(WriteError) {
                    try await writer.drained()
                } catch {
                    return left()
                }
            }
        }
        writer.finish()
        return .answered(CallEnding(status: 200, outcome: .completed))
    }

    @inline(never)
    private func send(_ piece: [UInt8], of stream: ScriptedStream) -> WriteState {
        guard beginStream(contentType: stream.contentType) else { return .closed }
        let state = writer.write(piece)
        scope.keepAnswer(piece, contentType: stream.contentType)
        if scope.firstByteAt == nil { scope.firstByteAt = scope.request.loop.now }
        return state
    }

    private func left() -> Result {
        guard writer.headSent else { return .callerGone }
        return .answered(CallEnding(status: 499, outcome: .cancelledByClient, failure: []))
    }
}
