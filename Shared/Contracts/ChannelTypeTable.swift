// Facts of the channel types, one row each; numbers, names and key forms are part of the contract (admin-api §14.2).

extension ChannelType {
    /// What the generic OpenAI dialect can address.
    private static let openAIModes: Set<RelayMode> = [
        .chatCompletions, .completions, .embeddings, .moderations, .imagesGenerations, .imagesEdits, .audioSpeech,
        .audioTranscription, .audioTranslation, .rerank, .parsePdf, .videoGenerationsJobs, .videoGenerationsGetJobs,
        .videoGenerationsContent, .videos, .videosGet, .videosContent, .videosDelete, .videosRemix, .videosEdits,
        .videosExtensions, .anthropic, .gemini, .responses, .responsesGet, .responsesDelete, .responsesCancel,
        .responsesInputItems,
    ]

    /// Whether the address has `/responses`; the vendor says where the channel does not.
    private static let responsesSwitch = ConfigField(
        "disable_responses", .boolean,
        "true: the address lacks /responses, so calls in that protocol are converted to chat; false: it has it")

    /// Every known type, in the order of their numbers.
    package static let all: [ChannelType] = [
        ChannelType(
            id: 1, name: "openai", displayName: "OpenAI",
            defaultBaseURL: "https://api.openai.com/v1", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "openai",
            modes: openAIModes,
            configFields: [
                ConfigField(
                    "map_reasoning_to_reasoning_content", .boolean,
                    "copy upstream `reasoning` to `reasoning_content` in messages and deltas"),
                responsesSwitch,
            ],
            notes: [
                "Responses-only models are automatically called through /responses and converted back.",
                "The same type serves any OpenAI-compatible vendor by changing the base URL (include the version segment).",
            ]),
        ChannelType(
            id: 3, name: "azure (deprecated)", displayName: "Azure OpenAI (legacy, dots removed)",
            defaultBaseURL: "https://{resource_name}.openai.azure.com", requiresBaseURL: true,
            keyHelp:
                "API key, optionally followed by |api-version (e.g. abc123|2024-10-21). Without it 2025-04-01-preview is used.",
            keyRule: .parts(minimum: 1, maximum: 2, firstFilled: false), dialect: "azure-openai",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: [
                "Base URL must have the {resource_name} placeholder replaced.",
                "Classic path: /openai/deployments/{deployment}/<op>?api-version=V; the deployment name is the upstream model name.",
                "Video jobs live at /openai/v1/video/generations/jobs with api-version V; /videos and /responses live under /openai/v1 with api-version=preview.",
                "Responses-only models are sent to /openai/v1/responses.",
                "model is removed from image generation and image edit bodies.",
                "Dots are stripped from the model to form the deployment name (gpt-3.5-turbo -> gpt-35-turbo). Deprecated; use type 4.",
            ]),
        ChannelType(
            id: 4, name: "azure", displayName: "Azure OpenAI",
            defaultBaseURL: "https://{resource_name}.openai.azure.com", requiresBaseURL: true,
            keyHelp:
                "API key, optionally followed by |api-version (e.g. abc123|2024-10-21). Without it 2025-04-01-preview is used.",
            keyRule: .parts(minimum: 1, maximum: 2, firstFilled: false), dialect: "azure-openai",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: [
                "Base URL must have the {resource_name} placeholder replaced.",
                "Classic path: /openai/deployments/{deployment}/<op>?api-version=V; the deployment name is the upstream model name.",
                "Video jobs live at /openai/v1/video/generations/jobs with api-version V; /videos and /responses live under /openai/v1 with api-version=preview.",
                "Responses-only models are sent to /openai/v1/responses.",
                "model is removed from image generation and image edit bodies.",
                "Deployment name is the mapped model name unchanged.",
            ]),
        ChannelType(
            id: 12, name: "google gemini (openai)", displayName: "Google Gemini (OpenAI compatible)",
            defaultBaseURL: "https://generativelanguage.googleapis.com/v1beta/openai", requiresBaseURL: false,
            keyHelp: "Google AI Studio API key.",
            keyRule: .anything, dialect: "openai",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: [
                "Google's own OpenAI-compatibility endpoint. thinking signatures travel in tool_calls[].extra_content.google.thought_signature."
            ]),
        ChannelType(
            id: 13, name: "baidu v2", displayName: "Baidu Qianfan v2 (AK/SK)",
            defaultBaseURL: "https://qianfan.baidubce.com/v2", requiresBaseURL: false,
            keyHelp: "IAM access key and secret key: ak|sk. They are exchanged for a short-lived BCE bearer token.",
            keyRule: .parts(minimum: 2, maximum: 2, firstFilled: false), dialect: "baidu-v2",
            modes: [
                .chatCompletions, .anthropic, .gemini, .rerank,
            ],
            configFields: [],
            notes: [
                "Token: GET https://iam.bj.baidubce.com/v1/BCE-BEARER/token?expireInSeconds=86400 signed with bce-auth-v1; cache until shortly before expireTime.",
                "Model name is lower-cased; ERNIE-Character-8K -> ernie-char-8k, ERNIE-Character-Fiction-8K -> ernie-char-fiction-8k.",
                "Rerank path is /rerankers.",
            ]),
        ChannelType(
            id: 14, name: "anthropic", displayName: "Anthropic",
            defaultBaseURL: "https://api.anthropic.com/v1", requiresBaseURL: false,
            keyHelp: "Anthropic API key.",
            keyRule: .anything, dialect: "anthropic",
            modes: [
                .chatCompletions, .anthropic, .gemini,
            ],
            configFields: [
                ConfigField("disable_context_management", .boolean, "drop context_management from the body"),
                ConfigField("supported_context_management_edits_type", .array, "keep only these edit types"),
                ConfigField("remove_tools_examples", .boolean, "drop input_examples from tools"),
                ConfigField("remove_tools_custom_defer_loading", .boolean, "drop defer_loading from tools"),
                ConfigField("disable_auto_image_url_to_base64", .boolean, "leave image URLs for the upstream to fetch"),
            ],
            notes: [
                "Path /messages; the client's ?beta= query is forwarded."
            ]),
        ChannelType(
            id: 15, name: "baidu", displayName: "Baidu Wenxin v1",
            defaultBaseURL: "https://aip.baidubce.com", requiresBaseURL: false,
            keyHelp: "client_id|client_secret of the Qianfan application.",
            keyRule: .parts(minimum: 2, maximum: 2, firstFilled: false), dialect: "baidu-v1",
            modes: [
                .chatCompletions, .embeddings, .rerank, .imagesGenerations,
            ],
            configFields: [],
            notes: [
                "OAuth token from /oauth/2.0/token, cached until 10 minutes before expiry.",
                "Errors come back with HTTP 200.",
            ]),
        ChannelType(
            id: 16, name: "zhipu", displayName: "Zhipu BigModel",
            defaultBaseURL: "https://open.bigmodel.cn/api/paas/v4", requiresBaseURL: false,
            keyHelp: "API key (id.secret form); accepted directly as a bearer on v4.",
            keyRule: .anything, dialect: "zhipu",
            modes: [
                .chatCompletions, .completions, .audioTranscription, .audioSpeech, .embeddings, .rerank, .anthropic,
                .gemini,
            ],
            configFields: [],
            notes: [
                "Business error codes need mapping to HTTP statuses.",
                "Reasoning is controlled with thinking:{type:enabled|disabled}.",
            ]),
        ChannelType(
            id: 17, name: "ali", displayName: "Alibaba DashScope (Bailian)",
            defaultBaseURL: "https://dashscope.aliyuncs.com", requiresBaseURL: false,
            keyHelp: "DashScope API key (sk-...).",
            keyRule: .anything, dialect: "dashscope",
            modes: [
                .chatCompletions, .completions, .embeddings, .imagesGenerations, .imagesEdits, .rerank, .audioSpeech,
                .audioTranscription, .audioTranslation, .anthropic, .gemini, .aliVideo, .aliVideoTasks,
                .videoGenerationsJobs, .videoGenerationsGetJobs, .videoGenerationsContent, .videos, .videosGet,
                .videosContent, .videosRemix, .videosEdits, .videosExtensions, .responses, .responsesGet,
                .responsesDelete, .responsesCancel, .responsesInputItems,
            ],
            configFields: [responsesSwitch],
            notes: [
                "OpenAI-compatible chat under /compatible-mode/v1; native APIs under /api/v1/services; Anthropic native under /apps/anthropic/v1/messages; TTS and STT over WebSocket /api-ws/v1/inference."
            ]),
        ChannelType(
            id: 18, name: "xunfei", displayName: "iFlytek Spark (HTTP)",
            defaultBaseURL: "https://spark-api-open.xf-yun.com/v1", requiresBaseURL: false,
            keyHelp: "HTTP service password in the form APIKey:APISecret (must contain a colon).",
            keyRule: .contains(":"), dialect: "openai",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: [
                "Model names are mapped to Spark domains (lite, generalv3, pro-128k, generalv3.5, max-32k, 4.0Ultra)."
            ]),
        ChannelType(
            id: 19, name: "ai360", displayName: "360 AI",
            defaultBaseURL: "https://ai.360.cn/v1", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "openai",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: []),
        ChannelType(
            id: 20, name: "openrouter", displayName: "OpenRouter",
            defaultBaseURL: "https://openrouter.ai/api/v1", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "openrouter",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: [
                "`reasoning` in message/delta is copied to `reasoning_content`.",
                "Stream contains SSE comment lines (`: OPENROUTER PROCESSING`) which must be skipped.",
                "Mid-stream errors come as a chunk with an `error` member and finish_reason error.",
            ]),
        ChannelType(
            id: 23, name: "tencent", displayName: "Tencent Hunyuan",
            defaultBaseURL: "https://api.hunyuan.cloud.tencent.com/v1", requiresBaseURL: false,
            keyHelp: "API key of the OpenAI-compatible endpoint (not SecretId/SecretKey).",
            keyRule: .anything, dialect: "openai",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: []),
        ChannelType(
            id: 24, name: "google gemini", displayName: "Google Gemini",
            defaultBaseURL: "https://generativelanguage.googleapis.com", requiresBaseURL: false,
            keyHelp: "Google AI Studio API key.",
            keyRule: .anything, dialect: "gemini",
            modes: [
                .audioSpeech, .imagesGenerations, .imagesEdits, .chatCompletions, .anthropic, .embeddings, .gemini,
                .geminiFiles, .geminiVideo, .geminiVideoOperations, .geminiTTS, .geminiImage, .videoGenerationsJobs,
                .videoGenerationsGetJobs, .videoGenerationsContent, .videos, .videosEdits, .videosExtensions,
                .videosGet, .videosContent,
            ],
            configFields: [
                ConfigField(
                    "safety", .string, "threshold for all five categories, default BLOCK_NONE",
                    choices: ["BLOCK_NONE", "BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH"]),
                ConfigField("disable_auto_image_url_to_base64", .boolean, ""),
                ConfigField("disable_auto_audio_url_to_base64", .boolean, ""),
                ConfigField("disable_auto_video_url_to_base64", .boolean, ""),
                ConfigField(
                    "enable_person_generation_allow_all", .boolean, "send personGeneration allow_all for video"),
            ],
            notes: [
                "Base has no version segment; paths begin /v1beta."
            ]),
        ChannelType(
            id: 25, name: "moonshot", displayName: "Moonshot AI (Kimi)",
            defaultBaseURL: "https://api.moonshot.cn/v1", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "openai",
            modes: [
                .chatCompletions, .completions, .embeddings, .moderations, .imagesGenerations, .imagesEdits,
                .audioSpeech, .audioTranscription, .audioTranslation, .rerank, .parsePdf, .videoGenerationsJobs,
                .videoGenerationsGetJobs, .videoGenerationsContent, .anthropic, .gemini,
            ],
            configFields: [],
            notes: [
                "thinking:{type} only for kimi-k2.5/k2.6 style models; otherwise reasoning_effort is dropped."
            ]),
        ChannelType(
            id: 26, name: "baichuan", displayName: "Baichuan",
            defaultBaseURL: "https://api.baichuan-ai.com/v1", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "openai",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: []),
        ChannelType(
            id: 27, name: "minimax", displayName: "MiniMax",
            defaultBaseURL: "https://api.minimaxi.com/v1", requiresBaseURL: false,
            keyHelp: "API key, or api_key|group_id (group id is needed by embeddings and legacy TTS).",
            keyRule: .parts(minimum: 1, maximum: 2, firstFilled: true), dialect: "minimax",
            modes: [
                .chatCompletions, .embeddings, .audioSpeech, .anthropic, .gemini,
            ],
            configFields: [
                ConfigField(
                    "use_chat_completions_path", .boolean, "use /chat/completions instead of /text/chatcompletion_v2")
            ],
            notes: [
                "Anthropic mode goes to {host}/anthropic/v1/messages with X-Api-Key.",
                "Errors are in base_resp with HTTP 200.",
                "Do not inject stream_options on /text/chatcompletion_v2.",
                "Older host api.minimax.chat is still in use.",
            ]),
        ChannelType(
            id: 28, name: "mistral", displayName: "Mistral AI",
            defaultBaseURL: "https://api.mistral.ai/v1", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "openai",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: [
                "Real support: chat, embeddings, moderations, audio transcription, OCR (not exposed).",
                "Tool call ids must be exactly 9 alphanumeric characters when echoed.",
                "stop/penalties follow OpenAI; user and logit_bias are rejected.",
                "content may be a parts array with {type:thinking} for magistral models.",
            ]),
        ChannelType(
            id: 29, name: "groq", displayName: "Groq",
            defaultBaseURL: "https://api.groq.com/openai/v1", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "openai",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: [
                "Real support: chat, audio transcription/translation/speech, responses. Reasoning arrives in `reasoning` unless reasoning_format=parsed is chosen."
            ]),
        ChannelType(
            id: 30, name: "ollama", displayName: "Ollama",
            defaultBaseURL: "http://localhost:11434", requiresBaseURL: false,
            keyHelp: "Any value (ignored locally); sent as bearer for proxied installs.",
            keyRule: .anything, dialect: "ollama",
            modes: [
                .embeddings, .chatCompletions, .completions,
            ],
            configFields: [],
            notes: [
                "NDJSON streams on /api/chat and /api/generate; embeddings on /api/embed."
            ]),
        ChannelType(
            id: 31, name: "lingyiwanwu", displayName: "01.AI (Lingyiwanwu)",
            defaultBaseURL: "https://api.lingyiwanwu.com/v1", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "openai",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: []),
        ChannelType(
            id: 32, name: "stepfun", displayName: "StepFun",
            defaultBaseURL: "https://api.stepfun.com/v1", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "openai",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: [
                "TTS: default voice cixingnansheng when none or an OpenAI voice is absent."
            ]),
        ChannelType(
            id: 33, name: "aws", displayName: "AWS Bedrock (Claude)",
            defaultBaseURL: "", requiresBaseURL: false,
            keyHelp:
                "region|access_key|secret_key, region|access_key|secret_key|session_token, or region|bedrock_api_key.",
            keyRule: .parts(minimum: 2, maximum: 4, firstFilled: true), dialect: "bedrock",
            modes: [
                .chatCompletions, .completions, .anthropic, .gemini,
            ],
            configFields: [],
            notes: [
                "Host https://bedrock-runtime.{region}.amazonaws.com, path /model/{url-encoded id}/invoke or /invoke-with-response-stream.",
                "Only Claude models; a Bedrock id, an inference profile or an ARN is taken as it is, other names of Claude become the profile of the region.",
                "Streams use application/vnd.amazon.eventstream binary frames.",
            ]),
        ChannelType(
            id: 34, name: "coze", displayName: "Coze (bot API v2)",
            defaultBaseURL: "https://api.coze.com", requiresBaseURL: false,
            keyHelp: "token|user_id",
            keyRule: .parts(minimum: 2, maximum: 2, firstFilled: false), dialect: "coze",
            modes: [
                .chatCompletions
            ],
            configFields: [],
            notes: [
                "Model name is bot-{bot_id}."
            ]),
        ChannelType(
            id: 35, name: "Cohere", displayName: "Cohere",
            defaultBaseURL: "https://api.cohere.ai", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "cohere",
            modes: [
                .chatCompletions, .embeddings, .rerank,
            ],
            configFields: [],
            notes: [
                "Version 2 of the API: /v2/chat, /v2/embed, /v2/rerank. Models with -internet are refused: Cohere's connectors are gone."
            ]),
        ChannelType(
            id: 36, name: "deepseek", displayName: "DeepSeek",
            defaultBaseURL: "https://api.deepseek.com/v1", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "deepseek",
            modes: [
                .chatCompletions, .completions, .anthropic, .gemini,
            ],
            configFields: [],
            notes: [
                "Anthropic mode is native at {host}/anthropic/v1/messages.",
                "thinking:{type} for hybrid models; reasoning_content must not be resent in plain multi-turn history for deepseek-reasoner but is required inside a tool-call turn for V3.2 thinking.",
            ]),
        ChannelType(
            id: 37, name: "cloudflare", displayName: "Cloudflare Workers AI",
            defaultBaseURL: "https://api.cloudflare.com", requiresBaseURL: false,
            keyHelp:
                "account_id|api_token is recommended. (The reference uses a single value as both account id and bearer, which only works with an AI Gateway base URL.)",
            keyRule: .anything, dialect: "cloudflare",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: [
                "{base}/client/v4/accounts/{account_id}/ai/v1/{chat/completions,embeddings}; anything else {…}/ai/run/{model}.",
                "Base https://gateway.ai.cloudflare.com/v1/{account}/{gateway}/workers-ai is used as the prefix directly.",
            ]),
        ChannelType(
            id: 40, name: "doubao", displayName: "Volcengine Ark (Doubao)",
            defaultBaseURL: "https://ark.cn-beijing.volces.com", requiresBaseURL: false,
            keyHelp: "Ark API key.",
            keyRule: .anything, dialect: "ark",
            modes: [
                .chatCompletions, .anthropic, .gemini, .embeddings, .imagesGenerations, .doubaoVideo,
                .doubaoVideoTasks, .doubaoVideoTasksDelete, .videoGenerationsJobs, .videoGenerationsGetJobs,
                .videoGenerationsContent, .videos, .videosEdits, .videosExtensions, .videosGet, .videosContent,
                .videosDelete, .responses, .responsesGet, .responsesDelete, .responsesCancel, .responsesInputItems,
            ],
            configFields: [responsesSwitch],
            notes: [
                "Paths under /api/v3; models named bot-* use /api/v3/bots/chat/completions.",
                "Vision embedding models use /api/v3/embeddings/multimodal.",
            ]),
        ChannelType(
            id: 41, name: "novita", displayName: "Novita AI",
            defaultBaseURL: "https://api.novita.ai/v3/openai", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "openai",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: [
                "Some models emit <think> inside content."
            ]),
        ChannelType(
            id: 42, name: "vertexai", displayName: "Google Vertex AI",
            defaultBaseURL: "", requiresBaseURL: false,
            keyHelp:
                "region|service_account_json, region|api_key, or region|project_id|api_key. Region may be empty or global.",
            keyRule: .vertex, dialect: "vertex",
            modes: [
                .audioSpeech, .imagesGenerations, .chatCompletions, .anthropic, .gemini, .geminiFiles, .geminiVideo,
                .geminiVideoOperations, .geminiTTS, .geminiImage, .videoGenerationsJobs, .videoGenerationsGetJobs,
                .videoGenerationsContent, .videos, .videosGet, .videosContent,
            ],
            configFields: [],
            notes: [
                "Publisher google for Gemini/Veo/Imagen-style models, publisher anthropic for claude-*.",
                "API keys do not work for Claude.",
            ]),
        ChannelType(
            id: 43, name: "siliconflow", displayName: "SiliconFlow",
            defaultBaseURL: "https://api.siliconflow.cn/v1", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "siliconflow",
            modes: [
                .chatCompletions, .completions, .embeddings, .imagesGenerations, .audioSpeech, .audioTranscription,
                .rerank, .videoGenerationsJobs, .videoGenerationsGetJobs, .videoGenerationsContent, .videos,
                .videosGet, .videosContent, .anthropic, .gemini,
            ],
            configFields: [],
            notes: [
                "Images, rerank, TTS usage and video use vendor shapes."
            ]),
        ChannelType(
            id: 44, name: "doubao audio", displayName: "Volcengine speech (Doubao audio)",
            defaultBaseURL: "https://openspeech.bytedance.com", requiresBaseURL: false,
            keyHelp: "app_id|app_token",
            keyRule: .parts(minimum: 2, maximum: 2, firstFilled: false), dialect: "volc-speech",
            modes: [
                .audioSpeech
            ],
            configFields: [],
            notes: [
                "TTS over a binary WebSocket at wss://{host}/api/v1/tts/ws_binary."
            ]),
        ChannelType(
            id: 45, name: "xai", displayName: "xAI (Grok)",
            defaultBaseURL: "https://api.x.ai/v1", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "openai",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: [
                "Error body is {error:string, code:string}.",
                "Reasoning models reject presence_penalty, frequency_penalty and stop.",
            ]),
        ChannelType(
            id: 46, name: "doc2x", displayName: "Doc2x",
            defaultBaseURL: "https://v2.doc2x.noedgeai.com", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "doc2x",
            modes: [
                .parsePdf
            ],
            configFields: [],
            notes: [
                "Asynchronous PDF parsing polled once per second."
            ]),
        ChannelType(
            id: 47, name: "jina", displayName: "Jina AI",
            defaultBaseURL: "https://api.jina.ai/v1", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "jina",
            modes: openAIModes,
            configFields: [],
            notes: [
                "Only Embeddings and Rerank are meaningful (chat exists on https://deepsearch.jina.ai/v1)."
            ]),
        ChannelType(
            id: 48, name: "huggingface text-embeddings-inference", displayName: "HuggingFace Text Embeddings Inference",
            defaultBaseURL: "https://api.text-embeddings.net", requiresBaseURL: true,
            keyHelp: "Bearer token of the deployment; any value when none is needed.",
            keyRule: .anything, dialect: "tei",
            modes: [
                .rerank, .embeddings,
            ],
            configFields: [],
            notes: [
                "The default base URL is only a placeholder; a real one must be configured."
            ]),
        ChannelType(
            id: 49, name: "qianfan", displayName: "Baidu Qianfan (API key)",
            defaultBaseURL: "https://qianfan.baidubce.com/v2", requiresBaseURL: false,
            keyHelp: "bce-v3/ALTAK-.../... API key, used directly as a bearer.",
            keyRule: .anything, dialect: "qianfan",
            modes: [
                .chatCompletions, .completions, .anthropic, .gemini, .embeddings, .responses, .responsesGet,
                .responsesDelete, .responsesInputItems,
            ],
            configFields: [
                ConfigField("appid", .string, "sent as the Appid header"),
                ConfigField("response_models", .array, "extra models served by the native /responses endpoint"),
                responsesSwitch,
            ],
            notes: [
                "Native /responses for a fixed list of models plus response_models; other models cannot be used with Responses modes.",
                "No response cancel.",
            ]),
        ChannelType(
            id: 50, name: "Sangfor AICP", displayName: "Sangfor AICP",
            defaultBaseURL: "", requiresBaseURL: true,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "openai",
            modes: openAIModes,
            configFields: [responsesSwitch],
            notes: [
                "Private deployments: base URL is mandatory."
            ]),
        ChannelType(
            id: 51, name: "Streamlake", displayName: "StreamLake (Kuaishou Wanqing)",
            defaultBaseURL: "https://wanqing.streamlakeapi.com/api/gateway/v1/endpoints", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "streamlake",
            modes: [
                .chatCompletions, .completions, .anthropic, .gemini,
            ],
            configFields: [],
            notes: [
                "The model name is an inference endpoint id (ep-...).",
                "Models whose name contains both kat and coder have a native Anthropic path {base}/{model}/claude-code-proxy/v1/messages.",
            ]),
        ChannelType(
            id: 52, name: "zhipu coding", displayName: "Zhipu Coding Plan",
            defaultBaseURL: "https://open.bigmodel.cn", requiresBaseURL: false,
            keyHelp: "BigModel API key with a coding subscription.",
            keyRule: .anything, dialect: "zhipu-coding",
            modes: [
                .chatCompletions, .completions, .anthropic, .gemini,
            ],
            configFields: [],
            notes: [
                "Chat: /api/coding/paas/v4/chat/completions; Anthropic native: /api/anthropic/v1/messages."
            ]),
        ChannelType(
            id: 53, name: "fake", displayName: "Fake (debug)",
            defaultBaseURL: "https://fake.local/v1", requiresBaseURL: false,
            keyHelp: "Any non-empty value; no upstream is contacted.",
            keyRule: .anything, dialect: "fake",
            modes: [
                .chatCompletions, .completions, .embeddings, .imagesGenerations, .rerank, .anthropic, .gemini,
                .responses, .responsesGet, .responsesDelete, .responsesCancel, .responsesInputItems,
            ],
            configFields: [
                ConfigField("static_text", .string, ""),
                ConfigField("response_prefix", .string, ""),
                ConfigField("response_suffix", .string, ""),
                ConfigField("reasoning_text", .string, ""),
                ConfigField("delay_ms", .integer, ""),
                ConfigField("stream_chunks", .integer, ""),
                ConfigField("stream_chunk_size", .integer, ""),
                ConfigField("usage", .object, ""),
                ConfigField("embedding", .object, ""),
                ConfigField("image", .object, ""),
                ConfigField("rerank", .object, ""),
                ConfigField("response", .object, ""),
                ConfigField("anthropic", .object, ""),
                ConfigField("gemini", .object, ""),
                ConfigField("metadata", .object, ""),
                ConfigField("openapi", .object, ""),
            ],
            notes: [
                "Generates deterministic replies for load tests and protocol debugging."
            ]),
        ChannelType(
            id: 54, name: "antling", displayName: "Ant Ling (Bailing)",
            defaultBaseURL: "https://api.tbox.cn/api", requiresBaseURL: false,
            keyHelp: "Vendor API key, used as is.",
            keyRule: .anything, dialect: "antling",
            modes: [
                .chatCompletions, .anthropic, .gemini,
            ],
            configFields: [],
            notes: [
                "Chat /llm/v1/chat/completions; Anthropic native /anthropic/v1/messages with both Bearer and X-Api-Key."
            ]),
        ChannelType(
            id: 55, name: "fake-error", displayName: "Fake error (debug)",
            defaultBaseURL: "https://fake.local/v1", requiresBaseURL: false,
            keyHelp: "Any value; no upstream is contacted.",
            keyRule: .anything, dialect: "fake-error",
            modes: [
                .chatCompletions, .completions, .embeddings, .imagesGenerations, .rerank, .anthropic, .gemini,
                .responses, .responsesGet, .responsesDelete, .responsesCancel, .responsesInputItems,
            ],
            configFields: [
                ConfigField("error_status_code", .integer, "default 400"),
                ConfigField("error_message", .string, ""),
                ConfigField("error_code", .string, ""),
            ],
            notes: [
                "Always answers with a synthetic error in the client's dialect."
            ]),
    ]
}
