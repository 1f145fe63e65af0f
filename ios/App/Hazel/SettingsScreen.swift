import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// Settings: backup, errands, the site, checking everything again, taking the wallet off this phone.
struct SettingsScreen: View {
    @ObservedObject var pocket: Pocket
    let holding: Holding
    let hasRoot: Bool
    @State private var state = SettingsState(safeWord: Phrase("safe_word").text)
    @State private var mishap: Mishap?
    @State private var running: Audit?

    var body: some View {
        Form {
            if let mishap { MishapText(mishap) }
            if hasRoot {
                NavigationLink(destination: { BackupScreen(holding: holding) }, label: { Label(Phrase("backup").text, systemImage: "lock.doc") })
            }
            more(Phrase("errands"), Phrase("errands_under"), "figure.walk") { ErrandsScreen(holding: holding, tally: nil) }
            more(Phrase("site"), Phrase("site_under"), "server.rack") { SiteScreen(pocket: pocket, holding: holding) }
            Section(Phrase("audit").text) {
                Text(Phrase("audit_why").text).font(.footnote)
                Button(Phrase("audit_now").text) { check() }.disabled(running != nil)
                if let running {
                    Text(Phrase("auditing").text)
                    Button(Phrase("audit_stop").text) { try? running.cancel() }
                }
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
        // Everything else in the wallet waits for it: nobody looks at it any more.
        .onDisappear { try? running?.cancel() }
    }

    /// Where a line leads, and what is there.
    private func more<Screen: View>(_ title: Phrase, _ under: Phrase, _ picture: String, _ screen: @escaping () -> Screen) -> some View {
        NavigationLink(
            destination: { screen() },
            label: {
                VStack(alignment: .leading, spacing: 2) {
                    Label(title.text, systemImage: picture)
                    Text(under.text).font(.footnote).foregroundStyle(.secondary)
                }
                .accessibilityElement(children: .combine)
            })
    }

    private func check() {
        state.begin(now: now())
        Task {
            do {
                let audit = try await holding.wallet.run { try $0.audit() }
                running = audit
                state.heard(try await offMain { try audit.run() })
            } catch {
                state.failed(error)
            }
            running = nil
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
