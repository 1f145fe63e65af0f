import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// Inviting somebody to a tally: what I grant; then the code.
struct InviteScreen: View {
    let holding: Holding
    @State private var terms = TermsState()
    @State private var shown: CodeState?
    @State private var mishap: Mishap?

    var body: some View {
        Form {
            if let mishap { MishapText(mishap) }
            Section(Phrase("invite_why").text) {
                TermsFields(state: $terms)
                Button(Phrase("invite_now").text) { invite() }.disabled(terms.terms == nil)
            }
        }
        .navigationTitle(Phrase("invite").text)
        .fullScreenCover(isPresented: Binding(get: { shown != nil }, set: { if !$0 { shown = nil } })) {
            if let shown { CodeScreen(state: shown) }
        }
    }

    private func invite() {
        guard let granted = terms.terms else { return }
        Task {
            do {
                let invitation = try await holding.wallet.run { try $0.invite(side: .stock, terms: granted, validFor: aDay) }
                shown = try CodeState(invitation.code, title: Phrase("code_invite"), host: Pocket.host)
            } catch {
                mishap = Mishap(error)
            }
        }
    }
}

private let aDay: UInt64 = 86_400

/// How much I grant, and how long narrower terms take.
struct TermsFields: View {
    @Binding var state: TermsState

    var body: some View {
        TextField(Phrase("limit").text, text: Binding(get: { state.typed }, set: { state.type($0) }))
            .monospacedDigit()
            .amountKeys()
            .accessibilityLabel(Phrase("limit").text)
        if state.isNonsense { Text(Phrase("amount_nonsense").text) }
        Stepper(Phrase("notice_days", counting: UInt64(state.noticeDays)).text, value: $state.noticeDays, in: TermsState.days)
    }
}
