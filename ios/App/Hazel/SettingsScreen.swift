import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// Settings: backup, checking everything again, taking the wallet off this phone.
struct SettingsScreen: View {
    @ObservedObject var pocket: Pocket
    let holding: Holding
    let hasRoot: Bool
    @State private var state = SettingsState(safeWord: Phrase("safe_word").text)
    @State private var mishap: Mishap?

    var body: some View {
        Form {
            if let mishap { MishapText(mishap) }
            if hasRoot {
                NavigationLink(destination: { BackupScreen(holding: holding) }, label: { Label(Phrase("backup").text, systemImage: "lock.doc") })
            }
            Section(Phrase("audit").text) {
                Text(Phrase("audit_why").text).font(.footnote)
                Button(Phrase("audit_now").text) { audit() }.disabled(state.audit.isWorking)
                Waiting(state.audit)
                if let lines = state.audit.value { Lines(lines) }
                ForEach(state.findings, id: \.self) { Text($0).font(.footnote) }
            }
            Section(Phrase("wipe").text) {
                Text(Phrase("wipe_why", state.safeWord).text).font(.footnote)
                TextField(Phrase("wipe_field").text, text: $state.typed).accessibilityLabel(Phrase("wipe_field").text)
                Button(Phrase("wipe_now").text, role: .destructive) { wipe() }.disabled(!state.mayWipe)
            }
        }
        .navigationTitle(Phrase("settings").text)
        .everySecond { state.tick(now: $0) }
    }

    private func audit() {
        state.begin(now: now())
        Task {
            do {
                state.heard(try await holding.wallet.run { try $0.audit() })
            } catch {
                state.failed(error)
            }
        }
    }

    private func wipe() {
        Task {
            do {
                try await pocket.wipe()
            } catch {
                mishap = Mishap(error)
            }
        }
    }
}
