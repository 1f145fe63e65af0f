package org.hazel.wallet

import android.annotation.SuppressLint
import android.annotation.TargetApi
import android.bluetooth.BluetoothAdapter
import android.bluetooth.BluetoothDevice
import android.bluetooth.BluetoothServerSocket
import android.bluetooth.BluetoothSocket
import android.os.Build
import android.os.Handler
import java.io.IOException
import java.io.InputStream
import java.io.OutputStream

/** A socket of Android's. The system wants no pairing for an insecure one: who is there, the session proves. */
@SuppressLint("MissingPermission") // Bluetooth asks for them before anybody is called.
@TargetApi(Build.VERSION_CODES.Q)
internal class SocketPipe(private val find: () -> BluetoothSocket) : Pipe {
    /** Who opened it. Known once it is open. */
    val peer: String get() = socket?.remoteDevice?.address.orEmpty()

    @Volatile
    private var socket: BluetoothSocket? = null

    @Volatile
    private var closed = false

    override fun open() {
        val found = find()
        socket = found
        if (closed) return close()
        if (!found.isConnected) found.connect()
    }

    override val input: InputStream get() = socket?.inputStream ?: throw IOException("not open")
    override val output: OutputStream get() = socket?.outputStream ?: throw IOException("not open")

    override fun close() {
        closed = true
        try {
            socket?.close()
        } catch (_: IOException) {
            // It is closed all the same.
        }
    }

    companion object {
        /** The channel of that number at a device that is connected. */
        fun to(peer: BluetoothDevice, number: UShort) = SocketPipe { peer.createInsecureL2capChannel(number.toInt()) }
    }
}

/** Where Android lets others open channels, and under which number. */
@SuppressLint("MissingPermission")
@TargetApi(Build.VERSION_CODES.Q)
internal class Listening private constructor(private val socket: BluetoothServerSocket) {
    val number: UShort get() = socket.psm.toUShort()

    /** Waits for the next; throws when it is closed. */
    fun next(): SocketPipe {
        val accepted = socket.accept()
        return SocketPipe { accepted }.apply { open() }
    }

    fun close() {
        try {
            socket.close()
        } catch (_: IOException) {
            // It is closed all the same.
        }
    }

    companion object {
        /** None before Android 10, and where the system refuses: then there is only the service. */
        fun on(adapter: BluetoothAdapter?): Listening? {
            if (Build.VERSION.SDK_INT < Build.VERSION_CODES.Q) return null
            return try {
                adapter?.listenUsingInsecureL2capChannel()?.let(::Listening)
            } catch (_: IOException) {
                null
            }
        }
    }
}

/** The radio's thread. */
internal class HandlerPost(private val handler: Handler) : Post {
    override fun post(act: () -> Unit) {
        handler.post(act)
    }

    override fun after(milliseconds: Long, act: () -> Unit) {
        handler.postDelayed(act, milliseconds)
    }
}
