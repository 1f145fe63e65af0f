import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// Asking for a payment: an amount, what for; then the code for the other phone.
struct AskScreen: View {
    let holding: Holding
    @State private var state: AskState
    @State private var shown: CodeState?
    @State private var mishap: Mishap?

    init(holding: Holding, tally: String, partner: String) {
        self.holding = holding
        _state = State(initialValue: AskState(tally: tally, partner: partner))
    }

    var body: some View {
        Form {
            if let mishap { MishapText(mishap) }
            Section(Phrase("ask_of", state.partner).text) {
                TextField(Phrase("amount").text, text: Binding(get: { state.typed }, set: { state.type($0) }))
                    .font(.title)
                    .monospacedDigit()
                    .amountKeys()
                    .accessibilityLabel(Phrase("amount").text)
                if state.isNonsense { Text(Phrase("amount_nonsense").text) }
                TextField(Phrase("memo").text, text: $state.memo).accessibilityLabel(Phrase("memo").text)
            }
            Section {
                Button(Phrase("ask_now").text) { ask() }.disabled(state.ask == nil)
                Waiting(state.code)
                if let code = state.code.value {
                    Text(Phrase("asked").text)
                    Button(Phrase("show_code").text) { show(code) }
                }
            }
        }
        .navigationTitle(Phrase("ask").text)
        .fullScreenCover(isPresented: Binding(get: { shown != nil }, set: { if !$0 { shown = nil } })) {
            if let shown { CodeScreen(state: shown) }
        }
        .everySecond { state.tick(now: $0) }
    }

    private func ask() {
        guard let ask = state.ask else { return }
        state.begin(now: now())
        Task {
            do {
                let code = try await holding.wallet.run { [tally = state.tally] in try $0.ask(tally: tally, ask: ask) }
                state.show(code)
                show(code)
            } catch {
                state.failed(error)
            }
        }
    }

    private func show(_ code: Code) {
        do {
            shown = try CodeState(code, title: Phrase("code_ask", state.typed), host: Pocket.host)
        } catch {
            mishap = Mishap(error)
        }
    }
}
