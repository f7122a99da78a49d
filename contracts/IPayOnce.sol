// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Pays each payment id at most once
/// @notice The last word on whether a payment was made. Databases are restored, locks expire and providers forget
/// idempotency keys; a slot of this contract does not. So a send may be repeated at will: it moves money once, and after
/// `Voided` a late duplicate meets a closed door.
///
/// Per payment id there is one slot: `paid`, and `floor`, the lowest generation that may still be paid. A generation is
/// one attempt of the payment with terms of its own; services count them from 1, and 0 is as good as any other.
///
/// A payer takes part by an ERC-20 allowance to this contract, which bounds what can ever move. No float is held: the
/// money goes from the payer to the recipient and never through here, and what is sent here by mistake is lost.
///
/// "Moved" means that the token said so: it answered true, or answered nothing and is a contract. A token that lies about
/// that is not one to pay with; whoever settles on `Paid` also looks for the token's own Transfer log before it.
interface IPayOnce {
    /// @notice One payment of a batch.
    /// @param id The payment, over all its generations.
    /// @param generation The attempt these terms belong to.
    /// @param payer Whose allowance to this contract is spent.
    /// @param token The ERC-20 contract.
    /// @param to Who receives the money.
    /// @param amount In the token's smallest unit.
    struct Payment {
        bytes32 id;
        uint32 generation;
        address payer;
        address token;
        address to;
        uint256 amount;
    }

    /// @notice One generation of one payment, to be closed.
    struct Ref {
        bytes32 id;
        uint32 generation;
    }

    /// @notice The token moved `amount` from `payer` to `to`. At most one such log per id, ever.
    event Paid(
        bytes32 indexed id,
        uint32 generation,
        address indexed payer,
        address indexed to,
        address token,
        uint256 amount
    );

    /// @notice Nothing moved and the slot is as it was: the same generation may be sent again.
    /// @param reason The first 256 bytes of what the token answered, or one of this contract's own errors.
    event Refused(bytes32 indexed id, uint32 generation, bytes reason);

    /// @notice The slot was closed to this generation before the call: nothing was tried.
    /// @param paid Whether the id was paid, in whatever generation.
    /// @param floor The lowest generation that could have been paid.
    event Skipped(bytes32 indexed id, uint32 generation, bool paid, uint32 floor);

    /// @notice `generation` and all below it can never be paid from now on.
    event Voided(bytes32 indexed id, uint32 generation);

    /// @notice `operator` may pay and void from now on.
    event OperatorNamed(address indexed operator);

    /// @notice `operator` may no longer pay and void.
    event OperatorRevoked(address indexed operator);

    /// @notice The caller may not pay or void.
    error NotOperator(address caller);

    /// @notice The item failed with less gas than every item is due, so that its refusal proves nothing. The whole batch
    /// is undone; send it again with more gas.
    error Starved(bytes32 id);

    /// @notice Reason of a `Refused`: there is no contract at the token's address.
    error TokenHasNoCode(address token);

    /// @notice Reason of a `Refused`: a payment of nothing, to its own payer, to this contract, or of the last
    /// generation, 2^32 - 1, above which there is no floor that could ever close it.
    error NothingToPay();

    /// @notice An instance without an admin could never revoke a stolen operator key.
    error AdminRequired();

    /// @notice Pays every item whose slot is open to its generation. Each item ends in exactly one of `Paid`, `Refused` or
    /// `Skipped`, in the order given, and no item's refusal stops its neighbours. The same id twice is paid once.
    /// @dev Only operators. The call reverts as a whole, moving nothing, only for a stranger, for too little gas
    /// (`Starved`, or plainly out of gas), or when re-entered.
    function pay(Payment[] calldata payments) external;

    /// @notice Closes generations: raises each slot's floor above the given generation, unless it is paid or already
    /// closed. Each item ends in `Voided` or `Skipped`, in the order given.
    /// @dev Only operators.
    function void(Ref[] calldata refs) external;

    /// @notice Lets `operator` pay and void. Only the admin.
    function nameOperator(address operator) external;

    /// @notice Takes that right away again. Only the admin.
    function revokeOperator(address operator) external;

    /// @notice Whether `account` may pay and void.
    function operators(address account) external view returns (bool);

    /// @notice A payment's slot. During a token's call it shows the payment as paid already.
    function slots(bytes32 id) external view returns (bool paid, uint32 floor);

    /// @notice The most gas a token may use for one item; see `Starved`.
    function TRANSFER_GAS() external view returns (uint256);
}
