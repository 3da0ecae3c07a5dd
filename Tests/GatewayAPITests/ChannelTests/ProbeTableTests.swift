import Contracts
import JSON
import Testing

@testable import GatewayAPI

@Suite("Probe table")
struct ProbeTableTests {
    @Test(
        "each type of model is sent its own smallest call",
        arguments: [
            (
                RelayMode.chatCompletions, RelayMode.chatCompletions,
                #"{"model":"m\"/x","messages":[{"role":"user","content":"hi"}]}"#
            ),
            (.completions, .completions, #"{"model":"m\"/x","prompt":"hi"}"#),
            (.embeddings, .embeddings, #"{"model":"m\"/x","input":"hi"}"#),
            (.moderations, .moderations, #"{"model":"m\"/x","input":"hi"}"#),
            (.rerank, .rerank, #"{"model":"m\"/x","query":"hi","documents":["hi"]}"#),
            (
                .imagesGenerations, .imagesGenerations,
                #"{"model":"m\"/x","prompt":"a red dot on white","size":"1024x1024"}"#
            ),
            (
                .geminiImage, .imagesGenerations,
                #"{"model":"m\"/x","prompt":"a red dot on white","size":"1024x1024"}"#
            ),
            (.audioSpeech, .audioSpeech, #"{"model":"m\"/x","input":"hi","voice":"alloy"}"#),
            (.geminiTTS, .audioSpeech, #"{"model":"m\"/x","input":"hi","voice":"alloy"}"#),
            (
                .anthropic, .anthropic,
                #"{"model":"m\"/x","max_tokens":16,"messages":[{"role":"user","content":"hi"}]}"#
            ),
            (.responses, .responses, #"{"model":"m\"/x","input":"hi"}"#),
            (.gemini, .gemini, #"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#),
        ])
    func bodies(type: RelayMode, mode: RelayMode, body: String) throws {
        let row = try #require(ProbeTable.row(type))
        #expect(row.mode == mode)
        #expect(String(decoding: row.body(model: "m\"/x"), as: UTF8.self) == body)
        #expect(row.hidesAnswer == (mode == .imagesGenerations || mode == .audioSpeech))
    }

    @Test("what would cost a film or needs a recording has no probe")
    func missing() {
        let without: [RelayMode] = [
            .unknown, .imagesEdits, .audioTranscription, .audioTranslation, .parsePdf, .videoGenerationsJobs, .videos,
            .geminiVideo, .aliVideo, .doubaoVideo,
        ]
        #expect(without.allSatisfy { ProbeTable.row($0) == nil })
    }

    @Test("modes are named as the contract names them")
    func names() {
        let names: [(RelayMode, String)] = [
            (.unknown, "Unknown"), (.chatCompletions, "ChatCompletions"), (.parsePdf, "ParsePdf"), (.rerank, "Rerank"),
            (.videoGenerationsGetJobs, "VideoGenerationsGetJobs"), (.responsesInputItems, "ResponsesInputItems"),
            (.geminiTTS, "GeminiTTS"), (.aliVideo, "AliVideo"), (.doubaoVideoTasksDelete, "DoubaoVideoTasksDelete"),
        ]
        for (mode, name) in names { #expect(mode.name == name) }
    }
}
